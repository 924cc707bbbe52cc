"""Environments of the real world: unambiguous answers are taken, all others refused by the environment's name."""

import pickle
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Tuple

from envs.gymnasium.task import GymnasiumTask
from envs.playing import Episode
from networks import random_networks
from wann import Networks, compile_genome, make_genome
from wann.errors import UserError

LINEAR = 1


class Odd(gymnasium.Env):
    """Three numbers, declared; the answers are those that the test asks for."""

    observation_space = Box(-10, 10, (3,), np.float64)
    action_space = Discrete(2)
    closed = 0

    def __init__(self, **answers):
        self.answers = answers

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seed, self.steps = seed, 0
        if self.answers.get("reset_raises", -1) == seed:
            raise OSError("no map")
        observation = self.answers.get("first", self.answers.get("observation", [0.5, 0.0, 0.0]))
        observation = self.made(observation)
        return observation if self.answers.get("alone") else (observation, self.answers.get("info", {}))

    def made(self, observation):
        return np.array(observation, float) if isinstance(observation, list) else observation

    def step(self, action):
        assert type(action) is int, type(action)
        self.steps += 1
        if self.answers.get("step_raises") == [self.seed, self.steps]:
            raise ArithmeticError(f"the wheel of {self.seed} came off")
        over = self.steps == 4
        answer = (
            self.made(self.answers.get("observation", [0.5, 0.0, 0.0])),
            self.answers.get("reward", 1.0),
            self.answers.get("terminated", np.array([over]) if self.answers.get("arrays") else over),
            np.array(False) if self.answers.get("arrays") else False,
            self.answers.get("info", {}),
        )
        return self.answers.get("whole", answer[: self.answers.get("length", 5)])

    def close(self):
        type(self).closed += 1


class Older(Odd):
    """``reset`` as it was before seeds."""

    def reset(self):
        return super().reset()


class Seeded(gymnasium.Wrapper):
    """Gives an older environment its seeds."""

    def reset(self, *, seed=None, options=None):
        return self.env.reset(), {}


class Structured(Odd):
    def __init__(self, space, **answers):
        super().__init__(**answers)
        self.observation_space = {
            "dict": Dict({"speed": Box(-1, 1, (2,)), "room": Discrete(3, start=1)}),
            "tuple": Tuple((Discrete(2), Box(-1, 1, ()))),
            "image": Box(0, 255, (2, 2, 3), np.uint8),
            "discrete": Discrete(4),
            "bits": gymnasium.spaces.MultiBinary(3),
            "parts": gymnasium.spaces.MultiDiscrete([2, 3]),
        }[space]

    def made(self, observation):
        return observation


gymnasium.register("TestOdd-v0", Odd, max_episode_steps=9)
gymnasium.register("TestOlder-v0", Older, max_episode_steps=9)
gymnasium.register("TestAdapted-v0", lambda: Seeded(Older(alone=True)), max_episode_steps=9)
gymnasium.register("TestStructured-v0", Structured, max_episode_steps=9)


def first_input(num_inputs=3, num_outputs=2):
    """Output 0 is the first input through a hidden node."""
    hidden = 1 + num_inputs + num_outputs
    genome = make_genome(
        num_inputs, num_outputs, [LINEAR] * (hidden + 1), [1, hidden], [hidden, 1 + num_inputs], [True, True]
    )
    return compile_genome(genome)


def play(task, seeds=(1, 2)):
    """By the kernels, by the oracle and step by step; all the same."""
    network = first_input(task.num_inputs, task.num_outputs)
    found = task.evaluate(Networks.of([network]), np.array([1.0]), list(seeds))
    oracle = task.evaluate_oracle(network, [1.0], list(seeds))
    np.testing.assert_array_equal(found.values, oracle.values)
    for seed, value in zip(seeds, found.values.ravel(), strict=True):
        with Episode(task, network, [1.0], seed) as episode:
            while not episode.over:
                episode.step()
            np.testing.assert_equal(episode.value, value)
    return found


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"observation": np.array([[0.5, 0.0, 0.0]])},  # [1, 3]
        {"observation": np.array([[0.5], [0.0], [0.0]])},
        {"observation": (0.5, 0, 0)},
        {"observation": np.array([1, 0, 0], np.int8)},
        {"reward": np.array([1.0])},
        {"reward": np.float32(1)},
        {"reward": True},
        {"reward": np.array(1)},
        {"arrays": True},
        {"alone": True},
        {"info": None},
    ],
    ids=str,
)
def test_unambiguous_answers_are_taken(answers):
    found = play(GymnasiumTask("TestOdd-v0", answers) if _plain(answers) else _made(answers))
    np.testing.assert_array_equal(found.values, [[[4.0, 4.0]]])
    np.testing.assert_array_equal(found.steps, [[[4, 4]]])
    assert found.falls is None
    assert not found.failures


def _plain(answers) -> bool:
    return not any(isinstance(value, np.ndarray | np.generic) for value in answers.values())


def _made(answers, id="TestGiven-v0", **options) -> GymnasiumTask:
    """Arrays are no values of a config, so they are registered."""
    gymnasium.registry.pop(id, None)
    gymnasium.register(id, Odd, max_episode_steps=9, kwargs=answers)
    return GymnasiumTask(id, **options)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"first": [0.5, 0, 0, 99]}, r"shape \[3\] as observation.* from reset\(\) of TestGiven-v0, .*shape \[4\]"),
        ({"first": [0.5, 0, 0], "observation": [0.5, 0]}, r"from step\(\) of TestGiven-v0.*shape \[2\]"),
        ({"observation": np.zeros((3, 3))}, r"from reset\(\) of TestGiven-v0.*shape \[3, 3\]"),
        ({"observation": None}, r"from reset\(\) of TestGiven-v0, found no numbers but None"),
        ({"observation": "north"}, r"from reset\(\).*no numbers but a str"),
        ({"observation": (1.0, (2.0, 3.0), 1.0)}, r"from reset\(\).*a tuple that is no array"),
        ({"reward": None}, r"a number as reward from step\(\) of TestGiven-v0, found None"),
        ({"reward": np.zeros(2)}, r"a number as reward from step\(\).*array of shape \[2\]"),
        ({"reward": "1.0"}, r"a number as reward from step\(\).*found '1.0'"),
        ({"reward": 1j}, r"a number as reward from step\(\).*found 1j"),
        ({"terminated": None}, r"True or False for terminated from step\(\) of TestGiven-v0, found None"),
        ({"terminated": np.zeros(2, bool)}, r"True or False for terminated.*shape \[2\]"),
    ],
)
@pytest.mark.parametrize("on_error", ["stop", "fail"])
def test_ambiguous_answers_are_refused_by_name(answers, message, on_error):
    """`on_error` is for episodes that go wrong, not for an environment that is."""
    task = _made(answers, on_error=on_error)
    for _ in range(2):  # also after the kernels are compiled
        with pytest.raises(UserError, match=message) as caught:
            task.evaluate(random_networks(3, 2, 2, np.random.default_rng(1)), np.array([1.0]), [1])
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 250
        assert caught.value.key == "task.id"
    with pytest.raises(UserError, match=message):
        task.evaluate_oracle(first_input(), [1.0], [1])


class Fading(gymnasium.ObservationWrapper):
    """A wrapper of the user's own, whose step is Gymnasium's; it reads an attribute of its environment."""

    def observation(self, observation):
        return observation / (1 + self.env.steps)


gymnasium.register("TestFading-v0", lambda **answers: Fading(Odd(**answers)), max_episode_steps=9)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"length": 4}, "a tuple of 4; four are of Gym before 0.26, whose done is now terminated or truncated"),
        ({"length": 2}, "a tuple of 2"),
        ({"whole": "over"}, "'over'"),
        ({"whole": [1, 2, 3, 4, 5]}, "[1, 2, 3, 4, 5]"),
    ],
)
@pytest.mark.parametrize("id", ["TestOdd-v0", "TestFading-v0"])
@pytest.mark.parametrize("on_error", ["stop", "fail"])
def test_steps_of_another_form_are_refused_by_name(answers, found, id, on_error):
    """Before Gymnasium's own wrappers trip over them."""
    task = GymnasiumTask(id, answers, on_error=on_error)
    sentence = (
        "task.id: expected (observation, reward, terminated, truncated, info) from step() of " + f"{id}, found {found}"
    )
    with pytest.raises(UserError) as caught:
        task.evaluate(random_networks(3, 2, 1, np.random.default_rng(1)), np.array([1.0]), [1])
    assert str(caught.value) == sentence
    with pytest.raises(UserError) as caught, Episode(task, first_input(), [1.0], 1) as episode:
        episode.step()
    assert str(caught.value) == sentence


def test_a_wrapper_of_the_users_reads_its_environment():
    assert play(GymnasiumTask("TestFading-v0")).values.tolist() == [[[4.0, 4.0]]]


def test_a_reset_without_seed_is_refused():
    with pytest.raises(UserError, match=r"reset\(seed=..., options=...\) of TestOlder-v0.*without seed and options"):
        GymnasiumTask("TestOlder-v0")
    assert play(GymnasiumTask("TestAdapted-v0")).values.tolist() == [[[4.0, 4.0]]]


@pytest.mark.parametrize(
    ("space", "observation", "expected", "names"),
    [
        (
            "dict",
            {"room": 2, "speed": [0.5, -0.25], "more": None},
            [0, 1, 0, 0.5, -0.25],
            ("room = 1", "room = 2", "room = 3", "speed 0", "speed 1"),
        ),
        ("dict", {"room": np.array([3]), "speed": np.array([[0.5, -0.25]])}, [0, 0, 1, 0.5, -0.25], None),
        ("tuple", (1, 0.5), [0, 1, 0.5], ("observation 0 = 0", "observation 0 = 1", "observation 1")),
        ("discrete", 3, [0, 0, 0, 1], tuple(f"observation = {k}" for k in range(4))),
        ("discrete", np.int32(0), [1, 0, 0, 0], None),
        ("bits", [1, 0, 1], [1, 0, 1], ("observation 0", "observation 1", "observation 2")),
        ("parts", [1, 2], [0, 1, 0, 0, 1], None),
        ("image", np.arange(12).reshape(2, 2, 3), list(range(12)), None),
    ],
)
def test_flattened_observations(space, observation, expected, names):
    """As Gymnasium's own wrapper makes them, where that takes the observation as it is."""
    _register_structured(observation)
    task = GymnasiumTask("TestStructuredGiven-v0", {"space": space}, flatten=True)
    assert task.num_inputs == len(task.input_names) == len(set(task.input_names)) == len(expected)
    if names:
        assert task.input_names == names
    environment = task.make_environment()
    found, _ = environment.reset(seed=1)
    np.testing.assert_allclose(found, expected)
    assert environment.observation_space.shape == found.shape
    np.testing.assert_allclose(environment.step(0)[0], expected)
    own = gymnasium.wrappers.FlattenObservation(
        gymnasium.make("TestStructuredGiven-v0", disable_env_checker=True, space=space)
    )
    np.testing.assert_allclose(own.reset(seed=1)[0], expected)
    assert own.observation_space.shape == found.shape
    assert play(task).values.tolist() == [[[4.0, 4.0]]]
    assert pickle.loads(pickle.dumps(task)) == task


@pytest.mark.parametrize(
    ("space", "observation", "message"),
    [
        ("dict", {"room": 2}, r"a dict with the keys \['room', 'speed'\].*found the keys \['room'\]"),
        ("dict", {"room": 2, "speed": [0.5]}, r"array of shape \[2\] as observation.*shape \[1\]"),
        ("dict", {"room": 0, "speed": [0.5, 1]}, r"whole numbers from 1 to 3.*found 0"),
        ("dict", [1.0], r"a dict with the keys.*found a list"),
        ("tuple", (1,), r"a tuple of 2.*found 1"),
        ("discrete", -1, r"whole numbers from 0 to 3.*found -1"),
        ("discrete", 1.5, r"whole numbers from 0 to 3.*found 1.5"),
        ("bits", [0, 2, 1], r"whole numbers from 0 to 1"),
        ("image", np.zeros((3, 2, 2)), r"array of shape \[2, 2, 3\].*shape \[3, 2, 2\]"),
        ("image", np.full((2, 2, 3), 0.5), r"numbers of type uint8"),
        ("image", np.full((2, 2, 3), 256), r"numbers of type uint8"),
    ],
)
def test_structured_observations_that_are_not_declared(space, observation, message):
    """Gymnasium would flatten most of them to other numbers."""
    _register_structured(observation)
    task = GymnasiumTask("TestStructuredGiven-v0", {"space": space}, flatten=True)
    with pytest.raises(UserError, match=message) as caught:
        play(task)
    assert "reset() of TestStructuredGiven-v0" in str(caught.value)


def _register_structured(observation) -> None:
    gymnasium.registry.pop("TestStructuredGiven-v0", None)
    gymnasium.register(
        "TestStructuredGiven-v0", Structured, max_episode_steps=9, kwargs={"observation": observation, "space": None}
    )


@pytest.mark.parametrize("reuse", [False, True])
def test_episodes_that_raise_may_count_as_failed(reuse):
    networks = random_networks(3, 2, 2, np.random.default_rng(1))
    stops = GymnasiumTask("TestOdd-v0", {"step_raises": [2, 3]}, reuse=reuse)
    with pytest.raises(RuntimeError, match=r"TestOdd-v0 raised ArithmeticError .*seed 2, step 2: the wheel of 2"):
        stops.evaluate(networks, np.array([1.0]), [1, 2, 3])
    for answers, steps, kind, why in (
        ({"step_raises": [2, 3]}, 3, "ArithmeticError in step()", "step() raised ArithmeticError: the wheel of 2"),
        ({"reset_raises": 2}, 0, "OSError in reset()", "reset() raised OSError: no map"),
    ):
        task = GymnasiumTask("TestOdd-v0", answers, reuse=reuse, on_error="fail")
        Odd.closed = 0
        found = task.evaluate(networks, np.array([1.0]), [1, 2, 3])
        np.testing.assert_array_equal(found.values, [[[4.0, np.nan, 4.0]]] * 2)
        np.testing.assert_array_equal(found.steps, [[[4, steps, 4]]] * 2)
        assert list(found.failures) == [kind]
        assert found.failures[kind].startswith(f"TestOdd-v0: {why}")
        assert f"seed 2, step {max(steps - 1, 0)}" in found.failures[kind]
        assert Odd.closed == 6, "broken environments are closed too, and none is left open"
        assert np.isnan(task.evaluate_oracle(networks[0], [1.0], [2]).values.item())
        with Episode(task, networks[0], [1.0], 2) as episode:
            while not episode.over:
                episode.step()
            assert np.isnan(episode.value)


@pytest.mark.parametrize(
    ("answers", "kind", "why"),
    [
        ({"reward": float("nan")}, "reward", "TestOdd-v0: a reward that is not finite (seed 1, step 0)"),
        ({"first": [0.5, float("nan"), 0]}, "observation", "TestOdd-v0: an observation that is not finite (seed 1, "),
    ],
)
def test_values_that_are_not_finite_have_a_reason(answers, kind, why):
    found = play(GymnasiumTask("TestOdd-v0", answers))
    assert np.isnan(found.values).all()
    assert list(found.failures) == [kind]
    assert found.failures[kind].startswith(why)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_error": "ignore"}, r"task\.on_error: expected one of stop, fail, found 'ignore'"),
        ({"on_error": "fial"}, r"did you mean 'fail'"),
        ({"kwargs": {"render_mode": "human"}}, r"task\.kwargs\.render_mode: expected an environment without windows"),
        (
            {"id": "TestNowhere-v0", "kwargs": {"space": "discrete"}},
            r"task\.id: expected vector.*task\.flatten: true would.*; also task\.max_steps: expected a number",
        ),
    ],
)
def test_mistakes_are_found_in_one_go(options, message):
    gymnasium.registry.pop("TestNowhere-v0", None)
    gymnasium.register("TestNowhere-v0", Structured)
    with pytest.raises(UserError, match=message):
        GymnasiumTask(**{"id": "TestOdd-v0", **options})
    with pytest.raises(UserError, match=r"task\.max_steps"):
        GymnasiumTask("TestNowhere-v0", {"space": "discrete"}, flatten=True)


def test_a_longer_limit_is_the_users():
    assert GymnasiumTask("CartPole-v1", max_steps=1000).reported.max_steps == 1000
    assert GymnasiumTask("CartPole-v1", max_steps=500, stall_steps=3).reported == GymnasiumTask("CartPole-v1")
    assert GymnasiumTask("CartPole-v1", max_steps=40).reported == GymnasiumTask("CartPole-v1")
    task = GymnasiumTask("Pendulum-v1", max_steps=230).reported
    assert task.evaluate_oracle(first_input(3, 1), [0.0], [1]).steps.item() == 230


MODULE = """
import gymnasium
import numpy as np

class Room(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, size=4):
        self.size = size

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(2, np.float32), float(action), self.steps >= self.size, False, {}

gymnasium.register("Room-v0", Room, max_episode_steps=30)
"""


def test_a_module_in_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "wann_test_rooms.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere", *sys.path])
    task = GymnasiumTask("wann_test_rooms:Room-v0", {"size": 3}, max_steps=90)
    assert task.modules == ("wann_test_rooms",)
    assert GymnasiumTask("CartPole-v1").modules == ()
    assert task.reported.max_steps == 90  # its own limit is 30
    assert GymnasiumTask("wann_test_rooms:Room-v0", max_steps=20).reported.max_steps is None
    assert pickle.loads(pickle.dumps(task)).evaluate_oracle(first_input(2, 2), [1.0], [1]).steps.item() == 3
    with pytest.raises(UserError, match=r"task\.kwargs\.sise: .*wann_test_rooms:Room-v0.*did you mean 'size'"):
        GymnasiumTask("wann_test_rooms:Room-v0", {"sise": 3})
    with pytest.raises(UserError, match=r"once .*wann_test_rooms\.py is imported, found 'Room-v1' \(did you mean"):
        GymnasiumTask("wann_test_rooms:Room-v1")


def test_an_environment_without_a_declared_space_is_refused():
    class Undeclared(gymnasium.Env):
        action_space = gymnasium.spaces.Discrete(2)
        observation_space = None

    gymnasium.register("TestUndeclared-v0", Undeclared, max_episode_steps=9)
    with pytest.raises(UserError, match="found None in TestUndeclared-v0") as caught:
        GymnasiumTask("TestUndeclared-v0")
    assert "\n" not in str(caught.value)
