from dataclasses import dataclass

import numpy as np
import pytest

from configs.schema import ChampionConfig, EvaluationConfig, SampledWeights
from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns
from evolution.confirmation import _statistics, agrees, confirm, levels_of, rank_candidates
from evolution.shared_weight import weight_grid
from evolution.weight_settings import selection_weights
from wann.genome import Genome, make_genome
from wann.network import compile_genome
from wann.population import Population


@dataclass(frozen=True)
class Outcome:
    values: np.ndarray
    falls: np.ndarray | None = None


CONFIG = ChampionConfig(candidates=4, selection_episodes=256, report_episodes=10)


def one_node(code: int) -> Genome:
    return make_genome(1, 1, [1, 1, 1, code], [1, 3], [3, 2], [True, True])


CANDIDATES = Population.of([one_node(code) for code in range(1, 11)])


def choose_champion(*arguments, **named) -> Genome:
    return rank_candidates(*arguments, **named)[0][0]


def returns_of(quality, noise=1.0):
    """Evaluates network i as quality[activation code] + noise drawn from the episode's seed."""

    def evaluate(networks, weights, seeds):
        seeds = np.broadcast_to(seeds, (len(weights), np.shape(seeds)[-1]))
        jitter = np.array([[np.random.default_rng(s).normal() for s in row] for row in seeds.tolist()])
        codes = [int(network.activations[0]) for network in networks]
        return np.array([quality(code, np.asarray(weights))[:, None] + noise * jitter for code in codes])

    return evaluate


def test_the_best_candidate_is_found():
    evaluate = returns_of(lambda code, weights: np.full(len(weights), -abs(code - 7.0)), noise=2.0)
    champion = choose_champion(CANDIDATES, evaluate, CONFIG, EvaluationConfig(), seed=0)
    assert champion == CANDIDATES[6]


def test_of_equal_candidates_the_smallest_is_the_best():
    chains = [
        make_genome(
            1, 1, [1, 1, 1, *[code] * size], [1, *range(3, 3 + size)], [*range(3, 3 + size), 2], [True] * (size + 1)
        )
        for code in (3, 4, 5)
        for size in (3, 1, 2)
    ]
    evaluate = returns_of(lambda code, weights: np.full(len(weights), -abs(code - 4.0)), noise=0.0)
    assert choose_champion(Population.of(chains), evaluate, CONFIG, EvaluationConfig(), seed=0) == chains[4]


def test_the_objective_decides():
    def quality(code, weights):
        return np.where(weights == 2, 100.0, -100.0) if code == 3 else np.full(len(weights), 1.0 * code)

    for objective, code in (("mean", 10), ("best", 3)):
        config = CONFIG.model_copy(update={"objective": objective})
        champion = choose_champion(CANDIDATES, returns_of(quality), config, EvaluationConfig(), seed=0)
        assert int(champion.activations[-1]) == code


def spins(networks, weights, seeds):
    """Network of code c returns 10 c, but code 10 only 0 in one episode of five. [P, W, R]"""
    codes = np.array([int(network.activations[0]) for network in networks], float)[:, None, None]
    good = np.broadcast_to(10 * codes, (len(codes), len(weights), np.shape(seeds)[-1]))
    return np.where((codes == 10) & (np.arange(good.shape[2]) % 5 == 0), 0, good + 20 * (codes == 10))


@pytest.mark.parametrize("objective", ["mean", "best"])
@pytest.mark.parametrize(("worst_share", "code"), [(None, 10), (0.1, 9)])
def test_a_candidate_that_fails_now_and_then_is_passed_over_if_the_worst_count(objective, worst_share, code):
    config = CONFIG.model_copy(update={"objective": objective, "worst_share": worst_share})
    evaluation = EvaluationConfig(weights=(1.0, 2.0))
    ((genome, score), *_) = rank_candidates(CANDIDATES, spins, config, evaluation, seed=0)
    assert int(genome.activations[-1]) == code
    expected = 90 if code == 9 else 120 * (1 - 26 / 128)  # episodes 0, 5, ..., 125 of 128 at each weight fail
    assert score == pytest.approx(expected)


def test_levels_are_between_the_mean_and_the_worst_episodes():
    returns = np.arange(20.0)[None, None]
    assert levels_of(returns, None).item() == 9.5
    assert levels_of(returns, 0.1).item() == (9.5 + 0.5) / 2
    assert levels_of(returns, 0.01).item() == (9.5 + 0) / 2
    returns[0, 0, 3] = np.nan
    assert np.isnan(levels_of(returns, 0.1)).all()


def test_failing_candidates_are_passed_over():
    def quality(code, weights):
        return np.full(len(weights), np.nan if code > 5 else float(code))

    champion = choose_champion(CANDIDATES, returns_of(quality), CONFIG, EvaluationConfig(), seed=0)
    assert int(champion.activations[-1]) == 5
    nothing = returns_of(lambda code, weights: np.full(len(weights), np.nan))
    assert rank_candidates(CANDIDATES, nothing, CONFIG, EvaluationConfig(), 0) == []


def test_selection_and_report_use_different_seeds():
    seen: dict[str, list[int]] = {"selection": [], "report": []}

    def evaluate(networks, weights, seeds):
        seen["selection"] += np.ravel(seeds).tolist()
        return np.ones((len(networks), len(weights), np.shape(seeds)[-1]))

    def oracle(network, weights, seeds):
        seen["report"] += np.ravel(seeds).tolist()
        return Outcome(np.ones((1, len(weights), np.shape(seeds)[-1])))

    champion = choose_champion(CANDIDATES, evaluate, CONFIG, EvaluationConfig(), seed=0)
    returns = confirm(champion, evaluate, oracle, CONFIG, EvaluationConfig(), seed=0)
    assert not set(seen["selection"]) & set(seen["report"])
    assert len(seen["report"]) == len(set(seen["report"])) == 10 * 6 + 10 + 10 + 10
    assert returns["episodes"] == 10


def test_all_but_shared_weights_of_interest_may_have_fewer_episodes():
    config = CONFIG.model_copy(update={"side_episodes": 2})
    shapes = []

    def oracle(network, weights, seeds):
        shapes.append(np.shape(seeds))
        return Outcome(np.ones((1, len(weights), np.shape(seeds)[-1])))

    evaluate, _ = returns_peaked_at(1.0)
    returns = confirm(CANDIDATES[0], evaluate, oracle, config, EvaluationConfig(), seed=0)
    assert shapes[0] == (6, 2) and sorted(shapes[1:]) == [(1, 10), (2, 1), (10, 1)]
    assert [returns[name]["episodes"] for name in ("random_individual_weights",)] == [2]
    assert returns["per_weight"][0]["episodes"] == 2 and "episodes" not in returns["best_shared_weight"]


def returns_peaked_at(peak: float):
    """(evaluate, oracle) of a task whose return is -(weight - peak)**2, of individual weights that of their mean."""

    def evaluate(networks, weights, seeds):
        weights = weights.mean(axis=1) if weights.ndim == 2 else weights
        return np.repeat(-((weights - peak) ** 2)[None, :, None], np.shape(seeds)[-1], axis=2)

    return evaluate, lambda network, weights, seeds: Outcome(evaluate(None, weights, seeds))


@pytest.mark.parametrize("peak", [1.35, -0.42, 0.01, 1.999, 2.5])
def test_the_report_finds_the_best_shared_weight_off_the_sweep(peak):
    returns = confirm(CANDIDATES[0], *returns_peaked_at(peak), CONFIG, EvaluationConfig(), seed=0)
    assert returns["best_shared_weight"]["weight"] == round(min(peak, 2.0), 2)


def test_the_report_has_all_weights_of_the_sweep():
    returns = confirm(CANDIDATES[0], *returns_peaked_at(1.35), CONFIG, EvaluationConfig(), seed=0)
    assert [row["weight"] for row in returns["per_weight"]] == [-2, -1, -0.5, 0.5, 1, 2]
    assert returns["per_weight"][5]["mean"] == pytest.approx(-(0.65**2))
    for name in ("random_shared_weight", "random_individual_weights"):
        assert set(returns[name]) == {"low", "high", "mean", "std", "median", "min"}


@pytest.mark.parametrize(("low", "high", "weight"), [(1.3, 1.31, 1.31), (-1e6, 1e6, 1000.0), (1.9, 2.2, 1.94)])
def test_the_best_shared_weight_stays_in_its_range(low, high, weight):
    evaluation = EvaluationConfig(sampled_weights=SampledWeights(low=low, high=high, count=1))
    returns = confirm(CANDIDATES[0], *returns_peaked_at(1.94), CONFIG, evaluation, seed=0)
    assert returns["best_shared_weight"]["weight"] == weight


def test_the_best_shared_weight_costs_a_bounded_number_of_episodes():
    rng, episodes = np.random.default_rng(0), []

    def evaluate(networks, weights, seeds):
        episodes.append((len(weights), np.shape(seeds)[-1]))
        return rng.normal(size=(1, len(weights), np.shape(seeds)[-1]))

    confirm(CANDIDATES[0], evaluate, returns_peaked_at(1)[1], CONFIG, EvaluationConfig(), seed=0)
    assert episodes[0][1] == 4 and [each for _, each in episodes[-4:]] == [64, 64, 128, 256]
    assert sum(weights * each for weights, each in episodes) <= 3800
    episodes.clear()
    few = CONFIG.model_copy(update={"selection_episodes": 4})
    confirm(CANDIDATES[0], evaluate, returns_peaked_at(1)[1], few, EvaluationConfig(), seed=0)
    assert sum(weights * each for weights, each in episodes) <= 300


def test_rare_falls_do_not_hide_the_best_shared_weight():
    """One episode in a hundred falls at 0.9, and one more for every hundredth that a weight is off."""

    def evaluate(networks, weights, seeds):
        drawn = [[np.random.default_rng((s, round(1e4 + 100 * w))).random() for s in seeds] for w in weights]
        return np.where(np.array(drawn) < 0.01 + np.abs(weights - 0.9)[:, None], 50.0, 280.0)[None]

    def mean_error(selection_episodes):
        evaluation = EvaluationConfig(sampled_weights=SampledWeights(low=0.85, high=0.95, count=1))
        config = CONFIG.model_copy(update={"selection_episodes": selection_episodes})
        oracle = returns_peaked_at(0.9)[1]
        found = [confirm(CANDIDATES[0], evaluate, oracle, config, evaluation, seed) for seed in range(10)]
        return np.mean([abs(returns["best_shared_weight"]["weight"] - 0.9) for returns in found])

    assert mean_error(2048) < 0.015 < mean_error(64)


def test_the_report_has_weights_of_their_own_and_counts_falls():
    genome = make_genome(1, 1, [1, 1, 1, 3], [1, 3, 0], [3, 2, 2], [True, True, False])
    drawn = []

    def oracle(network, weights, seeds):
        values = np.ones((1, len(weights), np.shape(seeds)[-1]))
        if weights.ndim == 2:
            drawn.append(weights)
        return Outcome(
            values, falls=np.broadcast_to(weights.reshape(len(weights), -1)[:, :1] > 0, values.shape[1:])[None]
        )

    config = CONFIG.model_copy(update={"report_episodes": 200})
    returns = confirm(genome, returns_peaked_at(1)[0], oracle, config, EvaluationConfig(weights=(-1, 2)), seed=0)
    (individual,) = drawn
    assert individual.shape == (200, 2)
    assert len(np.unique(individual)) == 400 and (np.abs(individual) <= 2).all()
    assert [record["falls"] for record in returns["per_weight"]] == [0, 1]
    assert returns["best_shared_weight"]["falls"] == 1
    assert 0.3 < returns["random_individual_weights"]["falls"] < 0.7


def test_a_genome_without_connections_is_reported_too():
    task = CartPoleSwingUp(max_steps=5)
    genome = make_genome(5, 1, [1] * 7, [1], [6], [False])

    def evaluate(networks, weights, seeds):
        return task.evaluate(networks, weights, seeds).values

    returns = confirm(genome, evaluate, task.evaluate_oracle, CONFIG, EvaluationConfig(), seed=0)
    assert returns["random_individual_weights"]["mean"] == pytest.approx(returns["random_shared_weight"]["mean"], abs=1)


def test_more_than_one_candidate_may_be_wanted():
    evaluate = returns_of(lambda code, weights: np.full(len(weights), 10.0 * code))
    ranked = rank_candidates(CANDIDATES, evaluate, CONFIG, EvaluationConfig(), 0, wanted=6)
    assert [genome for genome, _ in ranked[:6]] == [CANDIDATES[row] for row in (9, 8, 7, 6, 5, 4)]
    assert [score for _, score in ranked[:6]] == sorted((score for _, score in ranked[:6]), reverse=True)


def test_all_that_are_wanted_are_scored_on_all_selection_episodes():
    """Ranked on the few episodes of the first cut, the luckiest would lead, not the best."""
    seen = []

    def evaluate(networks, weights, seeds):
        seen.append((len(networks), np.size(seeds)))
        return returns_of(lambda code, weights: np.full(len(weights), 1.0 * code), noise=8.0)(networks, weights, seeds)

    config = CONFIG.model_copy(update={"first_episodes": 6, "selection_episodes": 600})
    ranked = rank_candidates(CANDIDATES, evaluate, config, EvaluationConfig(), 0, wanted=6)
    assert seen == [(10, 6), (6, 600)]
    assert ranked[0][0] == CANDIDATES[9]


def test_the_first_cut_may_be_cheap():
    seen = []

    def evaluate(networks, weights, seeds):
        seen.append(len(networks) * np.size(seeds))
        return returns_of(lambda code, weights: np.full(len(weights), 10.0 * code))(networks, weights, seeds)

    config = CONFIG.model_copy(update={"first_episodes": 6})
    assert choose_champion(CANDIDATES, evaluate, config, EvaluationConfig(), seed=0) == CANDIDATES[9]
    assert seen[:3] == [10 * 6, 4 * 12, 2 * 24]


def test_sampled_ranges_are_judged_on_a_fixed_grid():
    evaluation = EvaluationConfig(sampled_weights=SampledWeights(low=0, high=4, count=4))
    np.testing.assert_array_equal(selection_weights(evaluation), [0.5, 1.5, 2.5, 3.5])
    assert compile_genome(CANDIDATES[0]).num_connections == 2


def test_a_champion_may_be_limited_in_size():
    large = make_genome(1, 1, [1, 1, 1, 3, 3], [0, 1, 3, 4, 3], [3, 3, 4, 2, 2], [True] * 5)
    candidates = Population.of([large, one_node(4)])

    def evaluate(networks, weights, seeds):
        return np.repeat(networks.num_connections()[:, None, None], np.shape(seeds)[-1], 2) * np.ones((len(weights), 1))

    for limit, expected in ((None, large), (5, large), (4, one_node(4)), (1, large)):
        config = CONFIG.model_copy(update={"max_connections": limit})
        assert choose_champion(candidates, evaluate, config, EvaluationConfig(), seed=0) == expected


@pytest.mark.parametrize("objective", ["mean", "best"])
def test_the_oracle_turns_down_what_it_cannot_repeat(objective):
    def oracle(quality):
        evaluate = returns_of(lambda code, weights: np.full(len(weights), quality), noise=10.0)
        return lambda network, weights, seeds: Outcome(evaluate([network], weights, seeds))

    config = CONFIG.model_copy(update={"objective": objective})
    arguments = (config, EvaluationConfig(), 0)

    def unasked(networks, weights, seeds):
        raise AssertionError("the kernels are asked only where the oracle's returns are all equal")

    assert agrees(CANDIDATES[0], 100.0, unasked, oracle(100.0), *arguments)
    assert agrees(CANDIDATES[0], 100.0, unasked, oracle(120.0), *arguments)
    assert not agrees(CANDIDATES[0], 100.0, unasked, oracle(60.0), *arguments)
    assert not agrees(CANDIDATES[0], 100.0, unasked, oracle(np.nan), *arguments)


@pytest.mark.parametrize(("score", "kernels", "confirmed"), [(0.0, 0.0, True), (0.1, 0.0, True), (5.0, 5.0, False)])
def test_rare_rewards_are_confirmed_by_the_kernels_on_the_same_episodes(score, kernels, confirmed):
    """All of the oracle's returns are 0, which gives no standard error: a score above 0 was luck, or rounding noise."""

    def evaluate(networks, weights, seeds):
        return np.full((1, *np.shape(seeds)), kernels)

    def oracle(network, weights, seeds):
        return Outcome(np.zeros((1, *np.shape(seeds))))

    assert agrees(CANDIDATES[0], score, evaluate, oracle, CONFIG, EvaluationConfig(), 0) == confirmed


def test_episodes_without_a_return_are_counted_apart():
    """Statistics are of the others; where there are none, there are no figures, and the champion's file stays valid."""
    values = np.array([[[1.0, np.nan, 4.0, np.inf], [np.nan] * 4, [2.0] * 4]])
    found = Returns(values, np.ones_like(values, int))
    assert _statistics(found, 0) == {"mean": 2.5, "std": 1.5, "median": 2.5, "min": 1.0, "failed": 0.5}
    assert _statistics(found, 1) == {"mean": None, "std": None, "median": None, "min": None, "failed": 1.0}
    assert _statistics(found, 2) == {"mean": 2.0, "std": 0.0, "median": 2.0, "min": 2.0}
    assert _statistics(found)["failed"] == 0.5


@pytest.mark.parametrize(("low", "high"), [(-2.0, 2.0), (-1.0, 0.0), (-0.1, 0.1), (0.0, 3.0)])
def test_the_weight_0_is_no_best_shared_weight(low, high):
    """All connections are off there: a network that does nothing would be reported."""
    assert 0 not in weight_grid(low, high)
    evaluation = EvaluationConfig(sampled_weights=SampledWeights(low=low, high=high, count=4))
    found = confirm(CANDIDATES[0], *returns_peaked_at(0.0), CONFIG, evaluation, seed=0)["best_shared_weight"]["weight"]
    assert 0 < abs(found) <= 0.05


def test_the_weight_0_may_be_best_where_the_search_swept_it():
    evaluation = EvaluationConfig(weights=(-1.0, 0.0, 1.0))
    found = confirm(CANDIDATES[0], *returns_peaked_at(0.0), CONFIG, evaluation, seed=0)["best_shared_weight"]
    assert found["weight"] == 0
