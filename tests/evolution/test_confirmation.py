import numpy as np
import pytest

from configs.schema import ChampionConfig, EvaluationConfig, SampledWeights
from evolution.confirmation import agrees, confirm, rank_candidates, selection_weights
from wann.genome import Genome, make_genome
from wann.network import compile_genome
from wann.population import Population

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


def test_the_objective_decides():
    def quality(code, weights):
        return np.where(weights == 2, 100.0, -100.0) if code == 3 else np.full(len(weights), 1.0 * code)

    for objective, code in (("mean", 10), ("best", 3)):
        config = CONFIG.model_copy(update={"objective": objective})
        champion = choose_champion(CANDIDATES, returns_of(quality), config, EvaluationConfig(), seed=0)
        assert int(champion.activations[-1]) == code


def test_failing_candidates_are_passed_over():
    def quality(code, weights):
        return np.full(len(weights), np.nan if code > 5 else float(code))

    champion = choose_champion(CANDIDATES, returns_of(quality), CONFIG, EvaluationConfig(), seed=0)
    assert int(champion.activations[-1]) == 5
    nothing = returns_of(lambda code, weights: np.full(len(weights), np.nan))
    assert rank_candidates(CANDIDATES, nothing, CONFIG, EvaluationConfig(), 0) == []


def test_selection_and_report_use_different_seeds():
    seen: dict[str, list[int]] = {"selection": [], "report": []}

    def spy(kind):
        def evaluate(networks, weights, seeds):
            seen[kind] += np.ravel(seeds).tolist()
            return np.ones((1 if kind == "report" else len(networks), len(weights), np.shape(seeds)[-1]))

        return evaluate

    champion = choose_champion(CANDIDATES, spy("selection"), CONFIG, EvaluationConfig(), seed=0)
    returns = confirm(champion, spy("selection"), spy("report"), CONFIG, EvaluationConfig(), seed=0)
    assert not set(seen["selection"]) & set(seen["report"])
    assert len(seen["report"]) == 10 * 6 + 10 + 10
    assert returns["episodes"] == 10


def test_the_report_finds_the_best_shared_weight_off_the_sweep():
    def oracle(network, weights, seeds):
        return np.repeat(-((weights - 1.35) ** 2)[None, :, None], np.shape(seeds)[-1], axis=2)

    def evaluate(networks, weights, seeds):
        return oracle(None, weights, seeds)

    returns = confirm(CANDIDATES[0], evaluate, oracle, CONFIG, EvaluationConfig(), seed=0)
    assert returns["best_shared_weight"]["weight"] == pytest.approx(1.35)
    assert [row["weight"] for row in returns["per_weight"]] == [-2, -1, -0.5, 0.5, 1, 2]
    assert returns["per_weight"][5]["mean"] == pytest.approx(-(0.65**2))
    assert set(returns["random_shared_weight"]) == {"low", "high", "mean", "std", "median", "min"}


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
        return lambda network, weights, seeds: evaluate([network], weights, seeds)

    config = CONFIG.model_copy(update={"objective": objective})
    arguments = (config, EvaluationConfig(), 0)
    assert agrees(CANDIDATES[0], 100.0, oracle(100.0), *arguments)
    assert agrees(CANDIDATES[0], 100.0, oracle(120.0), *arguments)
    assert not agrees(CANDIDATES[0], 100.0, oracle(60.0), *arguments)
    assert not agrees(CANDIDATES[0], 100.0, oracle(np.nan), *arguments)
