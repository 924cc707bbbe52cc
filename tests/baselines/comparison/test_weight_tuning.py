"""CMA-ES over weights: it improves what it starts from, can stop anywhere, and spends what it is given."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.comparison.player import Player
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.weight_tuning import MOST_COVARIANCES, TuningPlan, WeightTuning
from baselines.models.fixed_topology import fully_connected
from envs.cartpole.task import CartPoleSwingUp
from storage.checkpoint import load, save
from wann.network import compile_genome
from wann.randomness import Purpose, episode_seeds
from workers.inline import InlineEvaluator

SMALL = TuningPlan(
    steps=600_000,
    population=8,
    rollouts=2,
    runs=2,
    looking_around=0.6,
    refining_population=8,
    starts=16,
    hard_starts=2,
    other_starts=2,
    sort_every=5,
    check_every=4,
    selection_episodes=8,
    pool=2,
    final_episodes=16,
)


def player(layers: tuple[int, ...] = (5, 4, 1), steps: int = 250) -> Player:
    network = compile_genome(fully_connected(layers))
    return Player(InlineEvaluator(CartPoleSwingUp(max_steps=steps)), network, 3, SeedLedger())


def start(layers: tuple[int, ...] = (5, 4, 1)) -> np.ndarray:
    return np.zeros(fully_connected(layers).num_enabled)


def tuned(tuning: WeightTuning, layers: tuple[int, ...] = (5, 4, 1), generations: int | None = None) -> WeightTuning:
    playing = player(layers)
    while not tuning.is_done and (generations is None or len(tuning.history) < generations):
        tuning.advance(playing.play)
    return tuning


def equal(one: WeightTuning, two: WeightTuning) -> bool:
    (arrays, facts), (others, other_facts) = one.state(), two.state()
    return facts == other_facts and all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


def test_tuning_improves_on_its_start_on_fresh_episodes():
    tuning, playing = tuned(WeightTuning(start(), SMALL, 1)), player()
    best = tuning.best(playing.play)
    assert best.complete and best.episodes == SMALL.final_episodes
    before, after = (playing.reported(weights[None], 0, 50)[0] for weights in (start(), best.weights))
    assert after.mean() > before.mean() + 20
    assert set(np.unique(tuning.history[:, 0])) >= {0, 1, 2}  # both runs that look around, and one that refines
    assert (np.diff(tuning.history[:, 2]) > 0).all() and (np.diff(tuning.history[:, 5]) >= 0).all()


def test_a_seed_gives_the_same_bytes_and_another_one_others():
    one, again, other = (tuned(WeightTuning(start(), SMALL, seed)) for seed in (1, 1, 2))
    assert equal(one, again) and not np.array_equal(one.best().weights, other.best().weights)


@pytest.mark.parametrize("layers", [(5, 4, 1), (5, 50, 1)])
def test_it_goes_on_from_any_generation_to_the_same_bytes(tmp_path, layers):
    """With and without covariances; the last stops are in the part that refines."""
    assert (len(start((5, 4, 1))) <= MOST_COVARIANCES < len(start((5, 50, 1)))) and len(layers) == 3
    whole = tuned(WeightTuning(start(layers), SMALL, 5), layers)
    total = len(whole.history)
    for generations in sorted({1, 3, 4, total // 3, total // 2, total - 2}):
        path = tmp_path / str(generations)
        save(path, *tuned(WeightTuning(start(layers), SMALL, 5), layers, generations).state())
        found, going_on = load(path), WeightTuning(start(layers), SMALL, 5)
        going_on.restore(found.arrays, found.metadata)
        assert equal(tuned(going_on, layers), whole), f"stopped after {generations} of {total}"


def test_the_state_of_another_tuning_is_refused():
    state = tuned(WeightTuning(start(), SMALL, 5), generations=2).state()
    for other in (WeightTuning(start(), SMALL, 6), WeightTuning(start() + 1, SMALL, 5)):
        with pytest.raises(ValueError, match="expected the state of this tuning"):
            other.restore(*state)


def test_it_ends_with_the_generation_that_uses_up_its_steps():
    tuning = tuned(WeightTuning(start(), SMALL, 1))
    most = 250 * (SMALL.refining_population * 4 + SMALL.starts + 2 * SMALL.selection_episodes)
    assert SMALL.steps <= tuning.steps == int(tuning.history[-1, 2]) < SMALL.steps + most


def test_nothing_better_means_the_start_is_kept():
    """Returns that only fall with the distance from the start."""

    def play(weights, purpose, seeds):
        return -np.repeat((weights**2).sum(axis=1)[:, None], len(seeds), axis=1), len(weights) * len(seeds)

    tuning = WeightTuning(np.zeros(5), TuningPlan(steps=3000), 0)
    while not tuning.is_done:
        tuning.advance(play)
    assert not tuning.best(play).weights.any() and tuning.best(play).score == 0


def test_returns_that_are_not_finite_are_never_kept_and_no_steps_are_no_endless_search():
    def play(weights, purpose, seeds):
        returns = np.repeat(weights[:, :1], len(seeds), axis=1)
        returns[weights[:, 0] > 0.3] = np.nan
        return returns, 0

    tuning = WeightTuning(np.zeros(4), TuningPlan(steps=4000, runs=2, looking_around=0.5), 0)
    while not tuning.is_done:
        tuning.advance(play)
    best = tuning.best(play)
    assert 0.25 < best.weights[0] <= 0.3 and np.isfinite(best.score)


def test_seeds_of_tuning_selection_and_reports_never_meet():
    used: dict[Purpose, set[int]] = {}
    inner = player()

    def play(weights, purpose, seeds):
        used.setdefault(purpose, set()).update(seeds.tolist())
        return inner.play(weights, purpose, seeds)

    tuning = WeightTuning(start(), SMALL, 1)
    while not tuning.is_done:
        tuning.advance(play)
    tuning.best(play)
    assert set(used) == {Purpose.TUNING, Purpose.TUNING_SELECTION}
    used[Purpose.COMPARISON] = {
        seed for index in range(2000) for seed in episode_seeds(3, Purpose.COMPARISON, index, 100).tolist()
    }
    parts = list(used.values())
    assert all(parts) and sum(map(len, parts)) == len(set.union(*parts))


@pytest.mark.parametrize(
    ("purpose", "seed"),
    [
        (Purpose.TUNING, 3 * 2**29),
        (Purpose.TUNING, 2**29),
        (Purpose.TUNING_SELECTION, 2**29 - 1),
        (Purpose.CHAMPION_SELECTION, 3 * 2**29 + 5),
        (Purpose.COMPARISON, 3 * 2**29 - 1),
        (Purpose.COMPARISON, 7),
    ],
)
def test_a_seed_of_another_purpose_is_an_error(purpose, seed):
    with pytest.raises(AssertionError, match=f"for {purpose.name} are others'"):
        SeedLedger().note(purpose, np.array([seed]))
