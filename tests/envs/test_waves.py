"""Episodes in waves, over a pool whose every reward and end is written down, and over real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import gymnasium
import numpy as np
import pytest

from envs.gymnasium.pool import GymnasiumPool
from envs.task import Returns
from envs.waves import Failure, LaneError, Limits, Simulation, Step, evaluate_in_waves, oracle_in_waves
from networks import random_networks
from wann import Network, Networks, compile_genome, forward_lanes, make_genome, minimal_genome
from wann.errors import UserError

LINEAR = 1


@dataclass(frozen=True)
class Script:
    """One episode: it ends after its last reward."""

    rewards: list[float]
    end: str = "terminated"  # or truncated, or a fall
    blind_at: Mapping[int, float] = field(default_factory=dict)  # step at which this is seen instead
    raises_at: int | None = None


class ScriptedPool:
    """Observes [seed, steps so far]; plays the script of each seed, and holds the caller to the rules of pools."""

    counts_falls = True
    failures: Mapping[int, Failure] = MappingProxyType({})

    def __init__(self, scripts: Mapping[int, Script], seeds: np.ndarray, record: list[np.ndarray]) -> None:
        for lane, seed in enumerate(seeds.tolist()):
            if scripts[seed].raises_at == -1:
                raise LaneError(lane, "Scripted", ArithmeticError("no wheels"))
        self._scripts = [scripts[seed] for seed in seeds.tolist()]
        self._seeds, self._steps = seeds, np.zeros(len(seeds), int)
        self._ended = np.zeros(len(seeds), bool)
        self._record, self.closed = record, 0
        self.observations = self._observe(np.arange(len(seeds)))

    def step(self, lanes, outputs):
        assert not self.closed
        assert len(lanes), "a step of nobody"
        assert (np.diff(lanes) > 0).all()
        assert not self._ended[lanes].any(), "an episode that is over is stepped again"
        assert len(outputs) == len(lanes)
        for lane in lanes.tolist():
            if self._scripts[lane].raises_at == self._steps[lane]:
                raise LaneError(lane, "Scripted", ArithmeticError("the wheel came off"))
        rewards = np.array([self._scripts[lane].rewards[self._steps[lane]] for lane in lanes])
        self._record.append(self._seeds[lanes])
        self._steps[lanes] += 1
        over = np.array([self._steps[lane] == len(self._scripts[lane].rewards) for lane in lanes])
        ends = np.array([self._scripts[lane].end for lane in lanes])
        self._ended[lanes] = over
        truncated = over & (ends == "truncated")
        return Step(self._observe(lanes), rewards, over & ~truncated, truncated, over & (ends == "fall"))

    def close(self):
        self.closed += 1

    def _observe(self, lanes):
        seen = [self._scripts[lane].blind_at.get(int(self._steps[lane]), self._steps[lane]) for lane in lanes]
        return np.stack([self._seeds[lanes].astype(float), np.array(seen, float)], axis=1)


class Scripted:
    """A `MakePool` that keeps its pools and the seeds they stepped."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = dict(enumerate(scripts))
        self.pools: list[ScriptedPool] = []
        self.record: list[np.ndarray] = []  # seeds of every step of every pool

    def __call__(self, seeds):
        self.pools.append(ScriptedPool(self._scripts, seeds, self.record))
        return self.pools[-1]


def network() -> Network:
    """One output: the sum of [seed, steps so far], times the weight."""
    return compile_genome(minimal_genome(2, 1, np.array([False, True, True])))


def play(make_pool: Callable, num_scripts: int, wave: int = 8, oracle: bool = False, **options) -> Returns:
    simulation = Simulation("Scripted", make_pool, wave, **options)
    if oracle:
        return oracle_in_waves(simulation, network(), [1.0], np.arange(num_scripts))
    return evaluate_in_waves(simulation, Networks.of([network()]), np.array([1.0]), np.arange(num_scripts))


@pytest.fixture(params=[False, True], ids=["networks", "oracle"])
def oracle(request) -> bool:
    return request.param


def test_returns_steps_and_falls(oracle):
    scripts = Scripted(Script([1.0, 2.0, 4.0]), Script([-3.0], "truncated"), Script([0.5, -100.0], "fall"))
    found = play(scripts, 3, oracle=oracle)
    np.testing.assert_array_equal(found.values, [[[7.0, -3.0, -99.5]]])
    np.testing.assert_array_equal(found.steps, [[[3, 1, 2]]])
    np.testing.assert_array_equal(found.falls, [[[False, False, True]]])
    assert [pool.closed for pool in scripts.pools] == [1]


def test_finished_lanes_leave_the_wave(oracle):
    scripts = Scripted(*(Script([1.0] * length) for length in (2, 4, 1, 2)))
    play(scripts, 4, oracle=oracle)
    assert [seeds.tolist() for seeds in scripts.record] == [[0, 1, 2, 3], [0, 1, 3], [1], [1]]


@pytest.mark.parametrize("wave", [1, 2, 3, 7, 30])
def test_more_episodes_than_a_wave(wave):
    """Every combination is played once, whatever the wave; each pool is closed before the next is made."""
    scripts = Scripted(*(Script([float(seed)] * (1 + seed % 4)) for seed in range(6)))
    networks, weights = Networks.of([network()] * 3), np.array([0.5, 1.0])
    seeds = np.array([[0, 1, 2, 3, 4], [5, 4, 3, 2, 1]])
    found = evaluate_in_waves(Simulation("Scripted", scripts, wave), networks, weights, seeds)
    np.testing.assert_array_equal(found.steps, np.broadcast_to(1 + seeds % 4, (3, 2, 5)))
    np.testing.assert_array_equal(found.values, np.broadcast_to(seeds * (1 + seeds % 4), (3, 2, 5)))
    assert len(scripts.pools) == -(-30 // wave)
    assert all(pool.closed == 1 for pool in scripts.pools)
    assert sum(len(seeds) for seeds in scripts.record) == found.steps.sum()


def test_networks_see_their_own_weight_and_observation():
    acted = []

    class Watched(Scripted):
        def __call__(self, seeds):
            pool = super().__call__(seeds)
            step, seen = pool.step, [pool.observations]

            def watching(lanes, outputs):
                acted.append((seeds[lanes], seen[-1], outputs))
                answer = step(lanes, outputs)
                over = answer.terminated | answer.truncated
                seen.append(answer.observations[~over])
                return answer

            pool.step = watching
            return pool

    networks = random_networks(2, 1, 3, np.random.default_rng(4))
    weights = np.array([-0.7, 1.3])
    scripts = [Script([0.0] * (1 + seed % 3)) for seed in range(4)]
    # One episode in a pool, so each step belongs to one network and weight, in the order of the grid.
    evaluate_in_waves(Simulation("Scripted", Watched(*scripts), 1), networks, weights, np.arange(4))
    expected = [
        (p, w, seed, step)
        for p in range(3)
        for w in range(2)
        for seed in range(4)
        for step in range(len(scripts[seed].rewards))
    ]
    assert len(acted) == len(expected)
    for (p, w, seed, step), (seeds, observations, outputs) in zip(expected, acted, strict=True):
        assert (seeds.tolist(), observations.tolist()) == ([seed], [[seed, step]])
        by_oracle = forward_lanes(networks[p], weights[[w]], observations, np.float32)
        np.testing.assert_allclose(outputs, by_oracle, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("rewards", "stall_steps", "steps"),
    [
        # The first step is always a new maximum: before it there was none.
        ([-1.0] * 9, 3, 4),
        ([0.0] * 9, 1, 2),
        ([1.0] * 9, 1, 9),
        # 1 2 3 | 2 2.5 3 (no new maximum: equal) -> cut at the third.
        ([1.0, 1.0, 1.0, -1.0, 0.5, 0.5, 5.0], 3, 6),
        # 1 2 3 | 2 2.5 3.5 (in time) | 3.5 3.5 3.5 -> cut.
        ([1.0, 1.0, 1.0, -1.0, 0.5, 1.0, 0.0, 0.0, 0.0, 9.0], 3, 9),
        # A fresh high of one lane does not prolong another (both are in the same wave, see the test).
        ([-1.0, -1.0, 5.0, 0.0, 0.0], 2, 5),
        ([-1.0] * 9, None, 9),
        ([-1.0] * 5, 5, 5),
    ],
)
def test_an_episode_stops_when_it_stalls(rewards, stall_steps, steps, oracle):
    scripts = Scripted(Script(rewards), Script([1.0] * 40), Script([-1.0] * 40))
    found = play(scripts, 3, oracle=oracle, limits=Limits(stall_steps=stall_steps))
    assert found.steps[0, 0].tolist() == [steps, 40, 40 if stall_steps is None else stall_steps + 1]
    assert found.values[0, 0, 0] == sum(rewards[:steps])
    assert not found.falls.any(), "to stall is no fall"


@pytest.mark.parametrize(("max_steps", "expected"), [(1, [1, 1, 1]), (3, [3, 2, 3]), (9, [5, 2, 7]), (None, [5, 2, 7])])
def test_max_steps(max_steps, expected, oracle):
    scripts = Scripted(Script([1.0] * 5), Script([1.0] * 2), Script([1.0] * 7, "truncated"))
    found = play(scripts, 3, oracle=oracle, limits=Limits(max_steps))
    assert found.steps[0, 0].tolist() == found.values[0, 0].tolist() == expected


def test_whichever_limit_comes_first(oracle):
    found = play(Scripted(Script([0.0] * 9)), 1, oracle=oracle, limits=Limits(max_steps=3, stall_steps=5))
    assert found.steps.item() == 3
    found = play(Scripted(Script([0.0] * 9)), 1, oracle=oracle, limits=Limits(max_steps=8, stall_steps=5))
    assert found.steps.item() == 6


@pytest.mark.parametrize("limits", [{"max_steps": 0}, {"stall_steps": 0}, {"max_steps": -3}])
def test_limits_below_one_are_refused(limits):
    (name, value), *_ = limits.items()
    with pytest.raises(UserError, match=rf"^task\.{name}: expected at least 1, found {value}$"):
        Limits(**limits)


@pytest.mark.parametrize("fall_reward", [None, 0.0, -5.0])
def test_the_reward_of_a_fall(fall_reward, oracle):
    """It takes the place of the simulator's in the step that falls, and in no other."""
    fallen = [1.0, -100.0, 2.0, -100.0]  # the same reward in another step is no fall
    scripts = Scripted(Script(fallen, "fall"), Script(fallen), Script(fallen, "truncated"))
    found = play(scripts, 3, oracle=oracle, fall_reward=fall_reward)
    last = -100.0 if fall_reward is None else fall_reward
    assert found.values[0, 0].tolist() == [-97.0 + last, -197.0, -197.0]
    assert found.falls[0, 0].tolist() == [True, False, False]


@pytest.mark.parametrize("seen", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("step", [0, 2])
def test_an_observation_that_is_not_finite_ends_the_episode(seen, step, oracle):
    scripts = Scripted(Script([1.0] * 4), Script([1.0] * 4, blind_at={step: seen}), Script([1.0] * 4))
    found = play(scripts, 3, oracle=oracle)
    np.testing.assert_array_equal(found.values, [[[4.0, np.nan, 4.0]]])
    assert found.steps[0, 0].tolist() == [4, step, 4]


def test_the_observation_after_the_last_step_does_not_matter(oracle):
    scripts = Scripted(Script([1.0] * 4, blind_at={4: np.nan}), Script([1.0] * 9, blind_at={3: np.nan}))
    found = play(scripts, 2, oracle=oracle, limits=Limits(max_steps=4))
    np.testing.assert_array_equal(found.values, [[[4.0, np.nan]]])


@pytest.mark.parametrize("reward", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite_ends_the_episode(reward, oracle):
    scripts = Scripted(Script([1.0, reward, 1.0]), Script([1.0, 1.0, 1.0]))
    found = play(scripts, 2, oracle=oracle, limits=Limits(stall_steps=2))
    np.testing.assert_array_equal(found.values, [[[np.nan, 3.0]]])
    assert found.steps[0, 0].tolist() == [2, 3]


def test_an_output_that_is_no_number_ends_the_episode():
    # 3e38 * 3e38 overflows float32; the difference of two such values is no number.
    genome = make_genome(2, 1, [LINEAR] * 6, sources=[0, 0, 4, 5], targets=[4, 5, 3, 3], enabled=[True] * 4)
    networks = Networks.of([compile_genome(genome)] * 2)
    weights = [np.array([[3e38, 3e38, 3e38, -3e38]]), np.array([[1.0, 1.0, 1.0, -1.0]])]
    found = evaluate_in_waves(Simulation("Scripted", Scripted(Script([1.0] * 3)), 8), networks, weights, [0])
    np.testing.assert_array_equal(found.values.ravel(), [np.nan, 3.0])
    assert found.steps.ravel().tolist() == [0, 3]


def test_a_wave_in_which_nobody_can_act(oracle):
    """No step at all is asked for."""
    scripts = Scripted(*[Script([1.0], blind_at={0: np.nan})] * 3)
    found = play(scripts, 3, oracle=oracle)
    assert np.isnan(found.values).all() and not found.steps.any() and not scripts.record
    assert scripts.pools[0].closed == 1


def test_an_encoder_makes_the_inputs():
    seen = []

    def make_encode(num_lanes):
        before = np.zeros((num_lanes, 2))

        def encode(lanes, observations):
            seen.append(before[lanes].copy())
            before[lanes] = observations
            return observations[:, ::-1].astype(np.float64)

        return encode

    played = Scripted(Script([1.0] * 2))
    genome = minimal_genome(2, 1, np.array([False, True, False]))  # the first input alone
    simulation = Simulation("Scripted", played, 4, make_encode=make_encode)
    assert oracle_in_waves(simulation, compile_genome(genome), [1.0], [0]).steps.item() == len(seen) == 2


@pytest.mark.parametrize(("wave", "raises_at"), [(2, 1), (2, -1), (30, 1), (30, -1)])
def test_errors_name_the_episode(wave, raises_at):
    scripts = Scripted(*[Script([1.0] * 3)] * 3, Script([1.0] * 3, raises_at=raises_at))
    networks = Networks.of([network()] * 2)
    episode = f"network 0, weight setting 1, seed 3, step {max(raises_at, 0)}"
    why = "the wheel came off" if raises_at >= 0 else "no wheels"
    with pytest.raises(RuntimeError, match=rf"^Scripted raised ArithmeticError in the episode of {episode}: {why}$"):
        evaluate_in_waves(Simulation("Scripted", scripts, wave), networks, np.array([0.5, 1.0]), [[0, 1], [2, 3]])
    assert all(pool.closed == 1 for pool in scripts.pools), "pools are closed after an error too"


def test_errors_of_the_oracle_name_the_episode():
    scripts = Scripted(Script([1.0] * 3), Script([1.0] * 3, raises_at=2))
    with pytest.raises(RuntimeError, match=r"network 0, weight setting 1, seed 1, step 2: the wheel"):
        oracle_in_waves(Simulation("Scripted", scripts, 8), network(), [0.5, 1.0], [[0, 0], [0, 1]])


def pendulum(seeds):
    make = lambda: gymnasium.make("Pendulum-v1", max_episode_steps=30)  # noqa: E731
    return GymnasiumPool("Pendulum-v1", make, lambda outputs: np.clip(outputs, -2, 2).astype(np.float32), seeds)


@pytest.mark.parametrize("limits", [Limits(), Limits(25), Limits(None, 1)], ids=["whole", "max_steps", "stalls"])
def test_the_wave_does_not_matter_to_simulators(limits):
    networks = random_networks(3, 1, 4, np.random.default_rng(2))
    arguments = networks, np.array([-0.8, 1.1]), np.array([3, 8, 11])
    expected = evaluate_in_waves(Simulation("Pendulum-v1", pendulum, 100, limits), *arguments)
    assert len(np.unique(expected.values)) > 4
    for wave in (1, 5, 24):
        found = evaluate_in_waves(Simulation("Pendulum-v1", pendulum, wave, limits), *arguments)
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.steps, expected.steps)
    # Rewards of a pendulum are never above zero: no maximum after the first.
    longest = limits.max_steps or (2 if limits.stall_steps else 30)
    assert expected.steps.max() == longest


def test_every_episode_of_a_wave_has_its_own_memory(oracle):
    """The network adds up what it has put out: in each step its output is the sum of all steps so far."""
    genome = make_genome(2, 1, [LINEAR] * 4, [2, 3], [3, 3], [True, True], [0, 1])
    heard: dict[int, list[float]] = {0: [], 1: [], 2: []}

    class Listening(ScriptedPool):
        def step(self, lanes, outputs):
            for lane, output in zip(lanes.tolist(), outputs[:, 0].tolist(), strict=True):
                heard[lane].append(output)
            return super().step(lanes, outputs)

    scripts = dict(enumerate(Script([1.0] * length) for length in (5, 2, 4)))
    simulation = Simulation("Scripted", lambda seeds: Listening(scripts, seeds, []), 8)
    recurrent = compile_genome(genome)
    if oracle:
        oracle_in_waves(simulation, recurrent, [1.0], np.arange(3))
    else:
        evaluate_in_waves(simulation, Networks.of([recurrent]), np.array([1.0]), np.arange(3))
    assert heard == {0: [0, 1, 3, 6, 10], 1: [0, 1], 2: [0, 1, 3, 6]}
