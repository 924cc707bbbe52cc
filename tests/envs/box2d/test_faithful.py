"""Walkers in lanes against Gymnasium's: the same networks have the same returns, bit by bit, or else in distribution.

24 networks, from walkers to those that fall at once, play 100 episodes each at weight 1. On x86-64 Linux all returns
and falls must be equal. Where the platform rounds otherwise (`envs.box2d.simulators.has_gymnasiums_bits`), whole
episodes drift apart, and distributions are compared:

- Networks one by one: two-sample Kolmogorov-Smirnov, at 1 % shared among the 24 (Bonferroni).
- All together, for what is too small to see in one: Fisher's combination of the 24 p-values, the mean of the
  standardised differences of means, and the difference in falls, each at 1 %.

All seeds are fixed, so the outcome is too. Power, as `test_what_these_tests_would_catch` shows by resampling the
measured returns: each of these is caught in at least 95 % of the repetitions
- returns of all thirteen that walk, stand or stumble lower by .2 of their spread (quartiles / 1.35, as all here);
- the spread of all thirteen larger by half;
- one episode in eight of every network that falls at times, but not always, ends in one of its falls instead;
- one network of the thirteen, whichever, lower by 1.2 of its spread.
Much of it is owed to networks whose returns lie close together: there, a small change is no small one.

One walker and the eleven that fall early play whole episodes, the other twelve 300 steps, which leads them onto the
terrain: 655,000 steps. What Gymnasium returns is kept (`benchmarks.gymnasium_returns`), and repeated in
part.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from benchmarks.agreement import fall_difference, kolmogorov_smirnov, p_values
from benchmarks.gymnasium_returns import RECORDS, WALKER_EPISODES, WALKER_WEIGHT, WALKERS, walk, walker
from envs.box2d.simulators import has_gymnasiums_bits
from envs.box2d.walker.task import BipedalWalker
from wann import Networks, compile_genome

pytest.importorskip("Box2D")

SAME = has_gymnasiums_bits()
LEVEL = 0.01
SIMULATORS = ("lanes", "gymnasium")
GYMNASIUM = np.load(WALKERS)  # [network, (returns, falls), episode]
NUM_WALKERS = 13  # they come first, best first; the others fall

# Of one network or several: [..., episodes] on either simulator.
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


class Measured:
    """Returns and falls of each network: Gymnasium's as kept, ours played once even where processes share them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def one(self, number: int) -> NDArray[np.float64]:
        """[simulator, (returns, falls), episode]"""
        path = self._directory / f"walker_{number}.npy"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when the process ends, however it does
            if not path.exists():
                np.save(path, np.stack([walk(number, "lanes"), GYMNASIUM[number]]))
            return np.load(path)

    def all(self) -> tuple[Pair, Pair]:
        """Returns and falls, each [networks, episodes] twice."""
        table = np.stack([self.one(number) for number in range(len(RECORDS))])
        return (table[:, 0, 0], table[:, 1, 0]), (table[:, 0, 1], table[:, 1, 1])


@pytest.fixture(scope="session")
def measured(tmp_path_factory) -> Measured:
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "walkers"
    directory.mkdir(exist_ok=True)
    return Measured(directory)


def all_p_values(returns: Pair, falls: Pair) -> dict[str, NDArray]:
    """P-values of every test named above, times the number of hypotheses that it shares."""
    return {**p_values(*returns), "falls": fall_difference(*falls)}


# --- the simulators ---


@pytest.mark.skipif(not SAME, reason="this platform rounds otherwise than x86-64 Linux")
@pytest.mark.parametrize("number", range(len(RECORDS)))
@pytest.mark.parametrize("episodes", [6, pytest.param(WALKER_EPISODES, marks=pytest.mark.slow)])
def test_returns_and_falls_are_gymnasiums(number, episodes):
    np.testing.assert_array_equal(walk(number, "lanes", episodes), GYMNASIUM[number][:, :episodes])


@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_what_is_kept_is_what_gymnasium_returns(number):
    """Two episodes of each; those that fall at once leave no time for other roundings to matter."""
    again = walk(number, "gymnasium", 2)
    same = np.isclose(again, GYMNASIUM[number][:, :2], atol=1e-3)
    assert same.all() if number >= NUM_WALKERS else np.isfinite(again).all()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_returns_of_each_network_agree(measured, number):
    (ours, _), (reference, _) = measured.one(number)
    assert np.isfinite([ours, reference]).all()
    p_value = kolmogorov_smirnov(ours, reference)
    assert p_value > LEVEL / len(RECORDS), f"medians {np.median(ours):.2f} and {np.median(reference):.2f}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_networks_together_agree(measured):
    found = all_p_values(*measured.all())
    assert min(found.values()) > LEVEL, found


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_networks_are_of_mixed_quality(measured):
    (returns, _), (falls, _) = measured.all()
    assert len(RECORDS) >= 20
    assert returns[0].mean() > 180, "a walker"
    assert (returns[:NUM_WALKERS].mean(axis=1) > 10).sum() >= 4
    assert (np.abs(returns[:NUM_WALKERS].mean(axis=1)) < 10).sum() >= 2
    assert (returns[NUM_WALKERS:].mean(axis=1) < -90).sum() >= 10
    shares = falls.mean(axis=1)
    assert ((shares > 0.05) & (shares < 0.95)).sum() >= 5
    assert (returns.std(axis=1) > 0).all()


# --- the tests themselves ---


def test_distances_are_those_of_scipy():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(6, 100)), rng.normal(0.3, 1.2, size=(6, 100)).round(1)
    a[3:] = a[3:].round(1)  # with equal values
    for row, found in enumerate(kolmogorov_smirnov(a, b)):
        distance = stats.ks_2samp(a[row], b[row]).statistic
        assert found == pytest.approx(special.kolmogorov(distance * np.sqrt(50)), rel=1e-9)


def resampled(rng: np.random.Generator, returns: Pair, falls: Pair) -> tuple[Pair, Pair]:
    """Two samples of the same distribution for each network: what both simulators gave, in one urn."""
    urns = [np.concatenate(pair, axis=1) for pair in (returns, falls)]
    rows = np.arange(len(urns[0]))[:, None]
    draws = [rng.integers(2 * WALKER_EPISODES, size=(len(rows), WALKER_EPISODES)) for _ in SIMULATORS]
    first, second = ((urns[0][rows, draw], urns[1][rows, draw]) for draw in draws)
    return (first[0], second[0]), (first[1], second[1])


def unchanged(rng, returns, falls):
    return returns, falls


def spread_of(returns):
    """[K, 1] standard deviations, as the quartiles tell them: rare falls do not count."""
    low, high = np.quantile(returns, [0.25, 0.75], axis=-1, keepdims=True)
    return (high - low) / 1.349


def lower_returns(rng, returns, falls):
    returns = returns.copy()
    returns[:NUM_WALKERS] -= 0.2 * spread_of(returns[:NUM_WALKERS])
    return returns, falls


def larger_spread(rng, returns, falls):
    returns = returns.copy()
    median = np.median(returns[:NUM_WALKERS], axis=1, keepdims=True)
    returns[:NUM_WALKERS] += 0.5 * (returns[:NUM_WALKERS] - median)
    return returns, falls


def more_falls(rng, returns, falls):
    returns, falls = returns.copy(), falls.copy()
    shares = falls.mean(axis=1)
    for row in np.flatnonzero((shares > 0) & (shares < 1)):
        changed = rng.random(WALKER_EPISODES) < 1 / 8
        fallen = np.flatnonzero(falls[row])
        returns[row, changed] = returns[row, rng.choice(fallen, changed.sum())]
        falls[row, changed] = 1
    return returns, falls


def one_network(rng, returns, falls):
    returns, row = returns.copy(), rng.integers(NUM_WALKERS)
    returns[row] -= 1.2 * spread_of(returns[row])
    return returns, falls


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("change", [unchanged, lower_returns, larger_spread, more_falls, one_network])
def test_what_these_tests_would_catch(measured, change):
    """As often as the docstring of this file says; and equal distributions pass, but for the level of four tests."""
    rng = np.random.default_rng(7)
    pairs = measured.all()
    caught = 0
    for _ in range(300):
        returns, falls = resampled(rng, *pairs)
        ours = change(rng, returns[0], falls[0])
        found = all_p_values((ours[0], returns[1]), (ours[1], falls[1]))
        caught += min(found.values()) <= LEVEL
    if change is unchanged:
        assert caught / 300 <= 4 * LEVEL
    else:
        assert caught / 300 >= 0.95


# --- repeated evaluation ---


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_a_champion_evaluated_twice_is_identical(simulator):
    """Also beside other episodes; a walker, for long enough to leave the flat start."""
    networks = Networks.of([compile_genome(walker(number)) for number in (0, 5)])
    task = BipedalWalker(max_steps=250, simulator=simulator)
    first = task.evaluate(networks.take([0]), WALKER_WEIGHT, range(4))
    again = task.evaluate(networks.take([0]), WALKER_WEIGHT, range(4))
    beside = task.evaluate(networks.take([1, 0]), WALKER_WEIGHT, range(4))
    assert first.values.tobytes() == again.values.tobytes() == beside.values[1].tobytes()
    assert first.steps.tobytes() == again.steps.tobytes() == beside.steps[1].tobytes()
    assert len(np.unique(first.values)) == 4
