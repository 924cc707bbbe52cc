"""Options and errors of `envs.box2d.walker.task`, on both simulators."""

from __future__ import annotations

import importlib.util
import pickle

import numpy as np
import pytest

from envs.box2d.simulation import FALL_REWARD
from envs.box2d.simulators import has_gymnasiums_bits
from envs.box2d.walker.task import BipedalWalker
from envs.registry import make_task
from networks import random_networks
from wann import Networks, UserError, forward_lanes

INSTALLED = importlib.util.find_spec
WEIGHTS = np.array([-1.5, 0.5, 2.0])
SEEDS = np.arange(4)


pytest.importorskip("Box2D")


@pytest.fixture(params=["lanes", pytest.param("gymnasium", marks=pytest.mark.slow)])
def simulator(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def networks() -> Networks:
    """Some stand, and some fall within a hundred steps."""
    return random_networks(24, 4, 5, np.random.default_rng(6), activations=("sin", "cos", "gaussian", "linear"))


def hide(monkeypatch, *packages: str) -> None:
    """As where they are not installed."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name in packages else INSTALLED(name))
    monkeypatch.setattr("envs.gymnasium.pool.find_spec", lambda name: None if name in packages else INSTALLED(name))


# --- options ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"simulator": "mujoco"}, r"task\.simulator: expected one of auto, lanes, gymnasium, found 'mujoco'"),
        ({"simulator": "lane"}, r"task\.simulator: .*did you mean 'lanes'"),
        ({"max_steps": 0}, r"task\.max_steps: expected at least 1, found 0"),
        ({"stall_steps": 0}, r"task\.stall_steps: expected at least 1, found 0"),
        ({"max_steps": 1.5}, r"task\.max_steps: expected a value of type int \| None, found 1\.5"),
        ({"hardcor": True}, r"task\.hardcor: .*did you mean 'hardcore'"),
        ({"fall_penalty": 0}, r"task\.fall_penalty: expected a value of type bool, found 0"),
    ],
)
def test_mistakes_are_named_in_one_sentence(options, message):
    with pytest.raises(UserError, match=f"^{message}") as caught:
        make_task("bipedal_walker", options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("simulator", "hidden", "message"),
    [
        ("gymnasium", ["Box2D"], r"task\.name: .*no package 'Box2D'; pip install \"weight-agnostic-search\[box2d\]\""),
        ("auto", ["Box2D"], r"task\.name: .*no package 'Box2D'; pip install"),
        ("lanes", ["Box2D"], r"task\.name: .*in which champions are confirmed"),
    ],
)
def test_a_simulator_that_is_not_installed(monkeypatch, simulator, hidden, message):
    hide(monkeypatch, *hidden)
    with pytest.raises(UserError, match=f"^{message}") as caught:
        BipedalWalker(simulator=simulator)
    assert "\n" not in str(caught.value)


def test_auto_takes_lanes_and_needs_no_envpool(monkeypatch):
    hide(monkeypatch, "envpool")
    assert BipedalWalker() == BipedalWalker(simulator="auto") == BipedalWalker(simulator="lanes")
    assert BipedalWalker().simulator == "lanes"
    assert BipedalWalker().evaluate(random_networks(24, 4, 1, np.random.default_rng(1)), WEIGHTS, [1]).values.shape


def test_the_older_name_of_a_simulator_plays_in_lanes_and_says_so(caplog):
    assert BipedalWalker(simulator="envpool") == BipedalWalker(simulator="lanes")
    assert "task.simulator: 'envpool' is an older name; episodes are played by 'lanes'" in caplog.text


def test_a_pickled_task_keeps_its_simulator(simulator):
    task = BipedalWalker(simulator=simulator, max_steps=9)
    copy = pickle.loads(pickle.dumps(task))
    assert copy == task and copy.simulator == simulator
    assert copy.simulated_by.startswith({"lanes": "lane kernels 1, float32", "gymnasium": "gymnasium "}[simulator])


@pytest.mark.parametrize(
    ("machine", "library", "flags", "named"),
    [
        ("x86_64", ("glibc", "2.28"), "fma avx2", None),
        ("arm64", ("glibc", "2.36"), "fma", "linux arm64"),
        ("x86_64", ("glibc", "2.27"), "fma", "linux x86_64 with glibc 2.27"),
        ("x86_64", ("", ""), "fma", "linux x86_64 with an unknown C library"),
        ("x86_64", ("glibc", "2.36"), "avx fma4", "linux x86_64 without FMA"),
    ],
)
def test_a_platform_of_other_roundings_is_named(machine, library, flags, named, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("platform.libc_ver", lambda: library)
    monkeypatch.setattr("envs.box2d.simulators._processor_flags", lambda: frozenset(flags.split()))
    where = "" if named is None else f" (on {named}, where Gymnasium may round otherwise)"
    assert BipedalWalker().simulated_by == f"lane kernels 1, float32{where}"
    assert has_gymnasiums_bits() == (named is None)
    assert "otherwise" not in BipedalWalker(simulator="gymnasium").simulated_by


def test_what_is_reported_is_uncut():
    task = BipedalWalker(True, False, 40, 30, "gymnasium")
    assert task.reported == BipedalWalker(True, True, None, None, "gymnasium")
    assert task.reported.reported == task.reported


@pytest.mark.parametrize("hardcore", [False, True])
def test_the_reference_is_gymnasiums_environment(hardcore):
    environment = BipedalWalker(hardcore).make_environment()
    assert environment.spec.id == ("BipedalWalkerHardcore-v3" if hardcore else "BipedalWalker-v3")
    assert environment.spec.max_episode_steps == (2000 if hardcore else 1600)
    assert environment.observation_space.shape == (BipedalWalker().num_inputs,)
    assert environment.action_space.shape == (BipedalWalker.num_outputs,)
    environment.close()


# --- episodes ---


def plain_rollout(network, weight: float, seed: int, max_steps: int):
    """Rewards of what anybody would write, and whether it fell."""
    environment = BipedalWalker().make_environment()
    observation, _ = environment.reset(seed=seed)
    rewards: list[float] = []
    terminated = truncated = False
    while not (terminated or truncated or len(rewards) == max_steps):
        outputs = forward_lanes(network, [weight], observation[None].astype(np.float64))[0]
        observation, reward, terminated, truncated, _ = environment.step(np.clip(outputs, -1, 1).astype(np.float32))
        rewards.append(float(reward))
    environment.close()
    return rewards, terminated and rewards[-1] == FALL_REWARD


def test_the_oracle_is_a_plain_loop(networks):
    task = BipedalWalker(max_steps=150)
    fallen = 0
    for network in networks:
        found = task.evaluate_oracle(network, WEIGHTS, [5])
        for w, weight in enumerate(WEIGHTS):
            rewards, fell = plain_rollout(network, weight, 5, 150)
            total = 0.0
            for reward in rewards:
                total += reward
            assert found.values[0, w, 0] == total
            assert (found.steps[0, w, 0], found.falls[0, w, 0]) == (len(rewards), fell)
            fallen += fell
    assert 2 <= fallen <= 13, "of 15 episodes; both ends should be tested"


def test_a_fall_is_told_from_other_ends(simulator, networks):
    """Episodes that end before the cut ended in a fall: nobody here walks to the end of the terrain."""
    found = BipedalWalker(simulator=simulator, max_steps=200).evaluate(networks, WEIGHTS, SEEDS)
    early = found.steps < 200
    assert 0.1 < early.mean() < 0.9
    np.testing.assert_array_equal(found.falls[early], True)
    # One that falls in the last step of all would be both.
    assert found.falls[~early].mean() < 0.2
    assert (found.values[found.falls] < -60).all()


@pytest.mark.slow
def test_without_the_penalty_only_the_step_that_falls_changes(simulator, networks):
    with_penalty = BipedalWalker(simulator=simulator, max_steps=200)
    without = BipedalWalker(simulator=simulator, max_steps=200, fall_penalty=False)
    expected, found = (task.evaluate(networks, WEIGHTS, SEEDS) for task in (with_penalty, without))
    np.testing.assert_array_equal(found.steps, expected.steps)
    np.testing.assert_array_equal(found.falls, expected.falls)
    stood = ~expected.falls
    assert stood.any() and not stood.all()
    np.testing.assert_array_equal(found.values[stood], expected.values[stood])
    # Sums of another order of magnitude round otherwise in the last bit.
    np.testing.assert_allclose(found.values[~stood], expected.values[~stood] - FALL_REWARD, rtol=0, atol=1e-10)


def test_stalled_episodes_are_the_beginning_of_whole_ones(networks):
    """As the plain loop's rewards say: cut where the return has reached no new maximum for so many steps."""
    task = BipedalWalker(simulator="gymnasium", max_steps=120, stall_steps=25)
    found = task.evaluate_oracle(networks[0], WEIGHTS, SEEDS)
    for w, weight in enumerate(WEIGHTS):
        for r, seed in enumerate(SEEDS.tolist()):
            totals = np.cumsum(plain_rollout(networks[0], weight, seed, 120)[0])
            risen = np.concatenate([[True], totals[1:] > np.maximum.accumulate(totals)[:-1]])
            last_rise = np.maximum.accumulate(np.where(risen, np.arange(len(totals)), 0))
            stalled = np.flatnonzero(np.arange(len(totals)) - last_rise >= 25)
            steps = stalled[0] + 1 if len(stalled) else len(totals)
            assert found.steps[0, w, r] == steps
            assert found.values[0, w, r] == pytest.approx(totals[steps - 1], abs=1e-9)


@pytest.mark.slow
def test_the_wave_does_not_matter(monkeypatch, networks):
    """In Gymnasium; `test_walker_lanes` has the lanes."""
    task = BipedalWalker(simulator="gymnasium", max_steps=60)
    expected = task.evaluate(networks, WEIGHTS, SEEDS)
    for wave in (1, 7, 59):
        monkeypatch.setattr(BipedalWalker, "wave", wave)
        found = task.evaluate(networks, WEIGHTS, SEEDS)
        assert found.values.tobytes() == expected.values.tobytes()
        assert found.steps.tobytes() == expected.steps.tobytes()
        assert found.falls.tobytes() == expected.falls.tobytes()


def test_hardcore_is_another_terrain(simulator, networks):
    plain, hard = (BipedalWalker(hard, simulator=simulator, max_steps=150) for hard in (False, True))
    arguments = networks.take([0]), np.array([0.5]), np.arange(3)
    assert (plain.evaluate(*arguments).values != hard.evaluate(*arguments).values).any()
