"""Actions, waves and errors of `envs.gymnasium.task`, against plain Gymnasium loops."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from envs.gymnasium.task import WAVE, GymnasiumTask
from envs.registry import make_task
from networks import random_networks
from wann import Network, Networks, UserError, compile_genome, forward_lanes, make_genome, minimal_genome

LINEAR = 1


class Recorder(gymnasium.Env):
    """Observes [seed, steps so far]; the reward is the sum of the action's numbers; actions are kept."""

    observation_space = Box(-np.inf, np.inf, (2,), np.float64)
    actions: list = []  # noqa: RUF012 (shared by all on purpose)
    types: list = []  # noqa: RUF012
    instances = 0

    def __init__(self, actions="box", fail_at=None, infinite_at=None, reward=None):
        type(self).instances += 1
        self.action_space = {
            "box": Box(np.array([-2, 0], np.float32), np.array([2, 10], np.float32)),
            "half": Box(np.array([0, -np.inf], np.float32), np.array([np.inf, np.inf], np.float32)),
            "largest": Box(-np.finfo(np.float32).max, np.finfo(np.float32).max, (2,), np.float32),
            "square": Box(-1, 1, (2, 2), np.float64),
            "discrete": Discrete(3, start=5),
            "one": Discrete(1),
            "nested": gymnasium.spaces.Tuple((Discrete(2), Discrete(2))),
            "whole": Box(0, 9, (2,), np.int64),
            "bits": gymnasium.spaces.MultiBinary(3),
            "table": gymnasium.spaces.MultiBinary((2, 2)),
            "parts": gymnasium.spaces.MultiDiscrete([2, 3], start=[0, 4]),
        }[actions]
        self.fail_at, self.infinite_at, self.reward = fail_at, infinite_at, reward

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seed, self.steps = seed, 0
        return self.observe(), {}

    def observe(self):
        value = np.inf if self.infinite_at == self.steps else self.steps
        return np.array([self.seed, value], float)

    def step(self, action):
        assert self.action_space.contains(action), action
        if self.fail_at == (self.seed, self.steps):
            raise ArithmeticError("the wheel came off")
        self.actions.append(action)
        self.steps += 1
        self.types.append(type(action))
        reward = float(np.sum(action)) if self.reward is None else self.reward
        return self.observe(), reward, self.steps > self.seed % 5, False, {}


class Pictures(Recorder):
    observation_space = Box(0, 255, (8, 8, 3), np.uint8)


class Tables(Recorder):
    observation_space = gymnasium.spaces.Dict({"a": Box(0, 1, (2,))})


for kind in (Recorder, Pictures, Tables):
    gymnasium.register(f"Test{kind.__name__}-v0", kind, max_episode_steps=50)
gymnasium.register("TestEndless-v0", Recorder)


@pytest.fixture(autouse=True)
def _empty_record():
    Recorder.actions = []
    Recorder.instances = 0


def biased(num_outputs: int) -> Network:
    """Output k is the bias times the weight of connection k, whatever the input."""
    return compile_genome(minimal_genome(2, num_outputs, np.repeat([True, False, False], num_outputs)))


def evaluate(task: GymnasiumTask, network: Network, individual: list[float], seeds=(0,)):
    return task.evaluate(Networks.of([network]), [np.array([individual])], list(seeds))


@pytest.mark.parametrize(
    ("actions", "outputs", "expected"),
    [
        ("box", [0.5, -1], [1, 0]),
        ("box", [-7, 7], [-2, 10]),
        ("box", [0, 0], [0, 5]),
        ("half", [0.25, -9], [0.25, -1]),
        ("half", [-0.5, 0.5], [0, 0.5]),
        ("largest", [0.5, -3], [0.5, -1]),
        ("square", [0.5, -0.25, 0, 4], [[0.5, -0.25], [0, 1]]),
        ("discrete", [0.1, 0.3, 0.2], 6),
        ("discrete", [0.1, -0.3, 0.2], 7),
        ("discrete", [0.4, 0.4, 0.2], 5),
        ("bits", [0.1, -0.1, 0], [1, 0, 0]),
        ("table", [0.1, -0.1, 0, 7], [[1, 0], [0, 1]]),
        ("parts", [0.1, 0.3, 0.2, 0.2, 0.4], [1, 6]),
        ("parts", [0.4, 0.3, 0.2, 0.2, 0.1], [0, 4]),
    ],
)
def test_outputs_become_actions(actions, outputs, expected):
    task = GymnasiumTask("TestRecorder-v0", {"actions": actions})
    assert task.num_outputs == len(outputs)
    for found in (
        evaluate(task, biased(len(outputs)), outputs),
        task.evaluate_oracle(biased(len(outputs)), np.array([outputs]), [0]),
    ):
        assert found.values[0, 0, 0] == pytest.approx(np.sum(expected))
        np.testing.assert_allclose(Recorder.actions.pop(), expected, rtol=1e-6)


def test_names_of_parts():
    task = GymnasiumTask("TestRecorder-v0", {"actions": "parts"})
    assert task.output_names == ("action 0 = 0", "action 0 = 1", "action 1 = 4", "action 1 = 5", "action 1 = 6")


def test_discrete_actions_are_ints():
    """Environments may ask for ``isinstance(action, int)``."""
    Recorder.types.clear()
    task = GymnasiumTask("TestRecorder-v0", {"actions": "discrete"})
    evaluate(task, biased(3), [0.1, 0.3, 0.2])
    task.evaluate_oracle(biased(3), [1.0], [0])
    assert set(Recorder.types) == {int}


def rollout(id: str, network: Network, weight: float, seed: int, max_steps: int, **kwargs) -> tuple[float, int]:
    """What anybody would write: make, reset, step."""
    environment = gymnasium.make(id, max_episode_steps=max_steps, **kwargs)
    observation, _ = environment.reset(seed=seed)
    total, steps, over = 0.0, 0, False
    while not over:
        outputs = forward_lanes(network, [weight], observation[None].astype(np.float64))[0]
        if isinstance(environment.action_space, Discrete):
            action = int(np.argmax(outputs))
        else:
            high = environment.action_space.high
            action = (np.clip(outputs, -1, 1) * high).astype(np.float32)
        observation, reward, terminated, truncated, _ = environment.step(action)
        total, steps, over = total + float(reward), steps + 1, terminated or truncated
    return total, steps


def skip_without_box2d(id: str) -> None:
    if id.startswith(("Bipedal", "Lunar", "CarRacing")):
        pytest.importorskip("Box2D")


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1", "Acrobot-v1", "BipedalWalker-v3"])
def test_the_oracle_is_a_plain_loop(id):
    skip_without_box2d(id)
    task = GymnasiumTask(id, max_steps=60)
    networks = random_networks(task.num_inputs, task.num_outputs, 3, np.random.default_rng(2))
    for network in networks:
        found = task.evaluate_oracle(network, [-0.8, 1.1], [4, 9])
        for w, weight in enumerate([-0.8, 1.1]):
            for r, seed in enumerate([4, 9]):
                expected = rollout(id, network, weight, seed, 60)
                assert (found.values[0, w, r], found.steps[0, w, r]) == expected


@pytest.mark.parametrize("reuse", [False, True])
def test_every_episode_of_many_waves_is_played_once(reuse):
    """Lengths differ by seed, so lanes are refilled out of step and the last wave shrinks unevenly."""
    task = GymnasiumTask("TestRecorder-v0", reuse=reuse)
    networks = Networks.of([biased(2)] * 3)
    seeds = np.arange(2 * 40).reshape(2, 40)
    Recorder.instances = 0
    found = task.evaluate(networks, np.array([0.25, 1.0]), seeds)
    lengths = seeds % 5 + 1
    np.testing.assert_array_equal(found.steps, np.broadcast_to(lengths, (3, 2, 40)))
    # Actions: 2 w in -2..2 and 5 + 5 w in 0..10, of w = .25 and 1.
    np.testing.assert_allclose(found.values, np.broadcast_to(lengths * np.array([[6.75], [12.0]]), (3, 2, 40)))
    assert Recorder.instances == (WAVE if reuse else 240)


@pytest.mark.slow
def test_environments_that_remember_are_made_anew():
    """BipedalWalker's reset leaves traces in the physics engine, which this task must not let through."""
    pytest.importorskip("Box2D")
    task = GymnasiumTask("BipedalWalker-v3", max_steps=60)
    networks = random_networks(24, 4, 4, np.random.default_rng(6), activations=("sin", "cos", "gaussian"))
    weights, seeds = np.array([-1.5, 2.0]), np.arange(12)
    forwards = task.evaluate(networks, weights, seeds)
    backwards = task.evaluate(networks.take([3, 2, 1, 0]), weights[::-1], seeds[::-1])
    np.testing.assert_array_equal(backwards.values[::-1, ::-1, ::-1], forwards.values)


def test_max_steps_cuts_and_extends_episodes():
    still = biased(2)
    pendulum = compile_genome(minimal_genome(3, 1))
    assert GymnasiumTask("Pendulum-v1").evaluate_oracle(pendulum, [0.0], [1]).steps.item() == 200
    assert GymnasiumTask("Pendulum-v1", max_steps=7).evaluate_oracle(pendulum, [0.0], [1]).steps.item() == 7
    assert GymnasiumTask("Pendulum-v1", max_steps=230).evaluate_oracle(pendulum, [0.0], [1]).steps.item() == 230
    assert GymnasiumTask("TestEndless-v0", max_steps=3).evaluate_oracle(still, [0.0], [4]).steps.item() == 3


@pytest.mark.parametrize(("infinite_at", "steps"), [(0, 0), (2, 2)])
def test_an_observation_that_is_not_finite_ends_the_episode(infinite_at, steps):
    task = GymnasiumTask("TestRecorder-v0", {"infinite_at": infinite_at})
    network = random_networks(2, 2, 1, np.random.default_rng(1))
    for found in (task.evaluate(network, np.array([1.0]), [4, 1]), task.evaluate_oracle(network[0], [1.0], [4, 1])):
        # Seed 1 ends after two steps, at which its last observation no longer matters.
        assert np.isnan(found.values[0, 0, 0])
        assert found.steps[0, 0, 0] == steps
        assert np.isnan(found.values[0, 0, 1]) == (infinite_at == 0)


@pytest.mark.parametrize("reward", [np.inf, -np.inf, np.nan])
def test_a_reward_that_is_not_finite_ends_the_episode(reward):
    task = GymnasiumTask("TestRecorder-v0", {"reward": reward})
    found = task.evaluate(Networks.of([biased(2)]), np.array([1.0]), [4])
    assert np.isnan(found.values.item())
    assert found.steps.item() == 1


def test_an_output_that_is_not_a_number_ends_the_episode():
    # 3e38 * 3e38 overflows float32; the difference of two such values is no number.
    genome = make_genome(2, 2, [LINEAR] * 7, sources=[0, 0, 5, 6, 0], targets=[5, 6, 3, 3, 4], enabled=[True] * 5)
    task = GymnasiumTask("TestRecorder-v0")
    found = evaluate(task, compile_genome(genome), [3e38, 3e38, 3e38, -3e38, 1.0], seeds=[4])
    assert np.isnan(found.values.item())
    assert found.steps.item() == 0


def test_an_environment_that_raises_is_reported_by_episode():
    task = GymnasiumTask("TestRecorder-v0", {"fail_at": (9, 2)})
    networks = Networks.of([biased(2)] * 2)
    with pytest.raises(RuntimeError, match=r"ArithmeticError.*network 0, weight setting 1, seed 9, step 2.*wheel"):
        task.evaluate(networks, np.array([0.5, 1.0]), [[3, 4], [8, 9]])


def test_known_names_and_others():
    assert GymnasiumTask("CartPole-v1").input_names[2] == "pole angle"
    assert GymnasiumTask("CartPole-v1").output_names == ("push left", "push right")
    assert GymnasiumTask("TestRecorder-v0").input_names == ("observation 0", "observation 1")
    pytest.importorskip("Box2D")
    assert GymnasiumTask("BipedalWalker-v3").input_names[4] == "hip 1 angle"
    assert GymnasiumTask("LunarLander-v3", {"continuous": True}).output_names == ("action 0", "action 1")


def test_equality_and_hash_follow_the_options():
    task = GymnasiumTask("Pendulum-v1", {"g": 9.0}, 50)
    assert task == GymnasiumTask("Pendulum-v1", {"g": 9.0}, 50)
    assert hash(task) == hash(GymnasiumTask("Pendulum-v1", {"g": 9.0}, 50))
    assert task != GymnasiumTask("Pendulum-v1", {"g": 1.0}, 50)
    assert task != GymnasiumTask("Pendulum-v1", {"g": 9.0}, 51)


def test_arguments_reach_the_environment():
    network = random_networks(3, 1, 1, np.random.default_rng(1))[0]
    found = [GymnasiumTask("Pendulum-v1", {"g": g}, 30).evaluate_oracle(network, [1.0], [1]) for g in (15.0, 0.1)]
    expected = [rollout("Pendulum-v1", network, 1.0, 1, 30, g=g) for g in (15.0, 0.1)]
    assert [returns.values.item() for returns in found] == [total for total, _ in expected]
    assert expected[0] != expected[1]


def test_an_id_may_name_its_module():
    by_module = GymnasiumTask("envs.cartpole.environment:CartPoleSwingUp-v0", max_steps=20)
    networks = random_networks(5, 1, 2, np.random.default_rng(1))
    found = by_module.evaluate(networks, np.array([1.0]), [1])
    plain = GymnasiumTask("CartPoleSwingUp-v0", max_steps=20).evaluate(networks, np.array([1.0]), [1])
    np.testing.assert_array_equal(found.values, plain.values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": "CartPole-v9"}, r"task\.id.*CartPole-v9.*did you mean 'CartPole-v1'"),
        ({"id": "Pendulum"}, r"task\.id.*did you mean 'Pendulum-v1'"),
        ({"id": "Qqqq-v0"}, r"task\.id.*'Qqqq-v0'; gymnasium\.pprint_registry"),
        (
            {"id": "no_such_module:CartPole-v1"},
            r"task\.id: expected a module 'no_such_module' in the working directory",
        ),
        ({"id": "CarRacing-v3"}, r"task\.id: expected vector observations.*found Box.*96.* in CarRacing-v3.*flatten"),
        ({"id": "FrozenLake-v1"}, r"task\.id: expected vector observations.*Discrete.*task\.flatten: true"),
        ({"id": "TestPictures-v0"}, r"task\.id: expected vector observations.*task\.flatten: true"),
        ({"id": "TestTables-v0"}, r"task\.id: expected vector observations.*Dict.*task\.flatten: true"),
        (
            {"id": "TestRecorder-v0", "kwargs": {"actions": "nested"}},
            r"task\.id: .*Tuple.*as actions of",
        ),
        ({"id": "TestRecorder-v0", "kwargs": {"actions": "one"}}, r"task\.id: .*actions.*Discrete\(1\)"),
        ({"id": "TestRecorder-v0", "kwargs": {"actions": "whole"}}, r"task\.id: .*actions.*int64"),
        (
            {"id": "TestRecorder-v0", "kwargs": {"actions": "nonsense"}},
            r"task\.kwargs: expected arguments that .*nonsense",
        ),
        ({"id": "Pendulum-v1", "kwargs": {"gg": 3}}, r"task\.kwargs\.gg: .*did you mean 'g'"),
        ({"id": "Pendulum-v1", "kwargs": {"max_episode_steps": 3}}, r"task\.kwargs: .*task\.max_steps"),
        ({"id": "Pendulum-v1", "kwargs": {"g": {1, 2}}}, r"task\.kwargs: expected plain values"),
        ({"id": "Pendulum-v1", "max_steps": 0}, r"task\.max_steps: expected at least 1, found 0"),
        ({"id": "TestEndless-v0"}, r"task\.max_steps: expected a number.*TestEndless-v0 has no step limit"),
    ],
)
def test_mistakes_are_named_in_one_sentence(options, message):
    skip_without_box2d(options["id"])
    with pytest.raises(UserError, match=message) as caught:
        make_task("gymnasium", options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
