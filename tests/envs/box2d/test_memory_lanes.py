"""Walkers and racers whose networks have a state: in lanes against Gymnasium and the oracle, in any company."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("Box2D")

from envs.box2d.racer.episodes import POOL, evaluate_in_lanes
from envs.box2d.racer.task import CarRacing
from envs.box2d.simulators import has_gymnasiums_bits
from envs.box2d.walker import kernels
from envs.box2d.walker.task import BipedalWalker
from envs.lane_networks import LaneNetworks
from envs.playing import Behaviour
from envs.waves import Limits
from networks import random_genome, with_memory
from wann.network import Networks, compile_population
from wann.oracle import step_lanes
from wann.population import Population

WEIGHTS = np.array([-1.2, 0.6, 1.7])
PALETTE = ("tanh", "sin", "linear", "gaussian", "accumulate", "product")


def networks_of(num_inputs: int, num_outputs: int, count: int, seed: int) -> Networks:
    rng = np.random.default_rng(seed)
    genomes = [random_genome(num_inputs, num_outputs, rng, 8, PALETTE) for _ in range(count)]
    networks = compile_population(Population.of([with_memory(genome, rng, 12, 0.2) for genome in genomes]))
    assert not any(network.is_plain for network in networks)
    return networks


@pytest.fixture(scope="module")
def walkers() -> Networks:
    return networks_of(24, 4, 5, 1)


@pytest.fixture(scope="module")
def racers() -> Networks:
    return networks_of(16, 3, 4, 2)


def assert_equal(found, expected, rows=slice(None)) -> None:
    for name in ("values", "steps", "falls"):
        np.testing.assert_array_equal(getattr(found, name)[rows], getattr(expected, name))


def own_weights(networks: Networks) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.uniform(-1, 1, (3, network.connection_ids.max() + 1)) for network in networks]


@pytest.mark.parametrize("individual", [False, True], ids=["shared", "individual"])
def test_walkers_are_those_of_gymnasium(walkers, individual):
    """The same networks in float32 on both sides, and so the same bits; 100 steps, in which some fall."""
    weights, options = own_weights(walkers) if individual else WEIGHTS, {"max_steps": 100}
    ours = BipedalWalker(simulator="lanes", **options).evaluate(walkers, weights, [3, 11])
    theirs = BipedalWalker(simulator="gymnasium", **options).evaluate(walkers, weights, [3, 11])
    assert 0.05 < ours.falls.mean() < 0.95
    if has_gymnasiums_bits():
        assert_equal(ours, theirs)
    else:
        assert np.corrcoef(ours.values.ravel(), theirs.values.ravel())[0, 1] > 0.8


def test_short_episodes_of_walkers_are_those_of_the_oracle(walkers):
    task = BipedalWalker(max_steps=6)
    found = task.evaluate(walkers, WEIGHTS, [5])
    for p, network in enumerate(walkers):
        expected = task.evaluate_oracle(network, WEIGHTS, [5])
        np.testing.assert_allclose(found.values[p], expected.values[0], atol=0.02)
    without = BipedalWalker(max_steps=6).evaluate(walkers, 0 * WEIGHTS, [5])
    assert np.abs(found.values - without.values).max() > 0.1, "the networks move something"


def test_a_walker_with_memory_is_alone(walkers, monkeypatch):
    """The same bits whatever the company, the position and the refilling: each episode starts from a state of 0."""
    task, seeds = BipedalWalker(max_steps=90), np.arange(7)
    whole = task.evaluate(walkers, WEIGHTS, seeds)
    assert len(np.unique(whole.steps)) > 3, "lanes are refilled at various steps"
    for p in (0, 3):
        assert_equal(whole, task.evaluate(walkers.take([p]), WEIGHTS, seeds), slice(p, p + 1))
    monkeypatch.setattr(kernels, "GROUPS", 1)
    assert_equal(whole, task.evaluate(walkers, WEIGHTS, seeds))


def test_the_observations_of_walkers_lead_kernels_and_oracle_to_one_state(walkers):
    """Step by step from common states, through what one of them saw in a whole episode in Gymnasium."""
    seen = Behaviour(BipedalWalker(simulator="gymnasium")).observe(walkers[0], 0.6, 4)[:60]
    for p, network in enumerate(walkers):
        runner, state = LaneNetworks(walkers.take([p]), np.array([0.6])), np.zeros((network.num_state, 1))
        zero, outputs = np.zeros(1, np.int64), np.empty((1, 4), np.float32)
        for row in seen:
            expected, after = step_lanes(network, [0.6], row[None], state)
            kept = np.ascontiguousarray(state.T, np.float32)
            runner.run(zero, zero, zero, row[None], kept, outputs)
            scale = 1e-4 * max(1, float(np.abs(after).max(initial=0)), float(np.abs(expected).max()))
            np.testing.assert_allclose(outputs, expected, rtol=2e-3, atol=scale)
            np.testing.assert_allclose(kept.T, after, rtol=2e-3, atol=scale)
            state = np.clip(after, -10, 10)


def test_no_pool_changes_a_bit_of_racers_with_memory(racers):
    task, limits = CarRacing(), Limits(40, 18)
    found = [
        evaluate_in_lanes(task.id, limits, task.sight(), racers, WEIGHTS[:2], np.arange(3), pool)
        for pool in (1, 16, POOL)
    ]
    assert len(np.unique(found[0].steps)) > 3, "episodes end at different steps"
    for other in found[1:]:
        assert_equal(other, found[0])


def test_racers_forget_between_episodes_and_remember_within_them(racers):
    """Whole episodes are those of a plain loop; `test_racer_episodes.episode` plays it."""
    from test_racer_episodes import episode

    task = CarRacing(max_steps=12)
    found = task.evaluate(racers, WEIGHTS[:2], [2, 6])
    for p, w, r in [(0, 0, 0), (3, 1, 1), (2, 0, 1)]:
        rewards, _ = episode(task, racers.take([p]), WEIGHTS[w], (2, 6)[r])
        assert found.values[p, w, r] == sum(rewards)


def test_racers_follow_the_oracle_in_gymnasium(racers):
    """Over a few steps: what encoders see of two pictures differs in the last bits, and roads a little."""
    task = CarRacing(max_steps=4)
    found = task.evaluate(racers, WEIGHTS[:1], [3])
    for p, network in enumerate(racers):
        expected = task.evaluate_oracle(network, WEIGHTS[:1], [3])
        np.testing.assert_allclose(found.values[p], expected.values[0], atol=0.5)
