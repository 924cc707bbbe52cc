import numpy as np
import pytest

from configs.schema import AgeFitnessConfig, Config, EvaluationConfig, SampledWeights, SearchConfig
from evolution.protocol import Request
from evolution.records import RECORD_ARRAYS, Records
from evolution.registry import STRATEGIES, make_search
from evolution.search import Search
from evolution.strategies.strategy import Cohort
from genomes import grown_genomes
from wann.genome import validate_genome
from wann.network import compile_genome
from wann.oracle import forward
from wann.population import Population

RICH = {
    "add_connection": 0.2,
    "insert_node": 0.2,
    "enable": 0.05,
    "change_activation": 0.3,
    "disable": 0.12,
    "rewire": 0.13,
}
POPULATION_STRATEGIES = [name for name, strategy in STRATEGIES.items() if strategy.has_population]


def small_search(strategy: str = "published", seed: int = 0, **settings) -> Search:
    evaluation = settings.pop("evaluation", EvaluationConfig(weights=(0.8, 0.9, 1.0, 1.1)))
    initial = settings.pop("initial", None)
    search = SearchConfig.model_validate({"strategy": strategy, "population": 40, "tournament_size": 4, **settings})
    made = make_search(Config(search=search, evaluation=evaluation, seed=seed), 2, 1, initial or [])
    assert isinstance(made, Search)
    return made


def sine_returns(request: Request, noise: float = 1e-3) -> np.ndarray:
    """How well each network draws a sine, whatever its weight: returns [P, W, R]."""
    x = np.linspace(-1, 1, 20)
    inputs = np.column_stack([x, x**2])
    errors = [
        ((forward(network, request.weights, inputs)[..., 0] - np.sin(3 * x)) ** 2).mean(1)
        for network in request.networks
    ]
    # Seeds shift the returns, as episodes would.
    luck = noise * (np.broadcast_to(request.seeds, (len(request.weights), request.seeds.shape[-1])) % 7)
    return -np.array(errors)[:, :, None] + luck


def run(search: Search, generations: int) -> list:
    """Summaries; a generation with a race takes several rounds."""
    summaries = []
    while len(summaries) < generations:
        summary = search.tell(sine_returns(search.ask()))
        if summary is not None:
            summaries.append(summary)
    return summaries


def same_state(one: Search, two: Search) -> bool:
    (arrays, metadata), (others, other_metadata) = one.state(), two.state()
    return metadata == other_metadata and all(np.array_equal(arrays[k], others[k], equal_nan=True) for k in arrays)


@pytest.mark.parametrize("strategy", POPULATION_STRATEGIES)
def test_a_search_improves(strategy):
    search = small_search(strategy, mutation=RICH, complexity_probability=0.2)
    summaries = run(search, 40)
    assert summaries[-1].best_mean_return > summaries[0].best_mean_return + 0.05
    assert [summary.generation for summary in summaries] == list(range(40))
    for genome in search.population:
        validate_genome(genome)
    assert len(search.population) == 40


@pytest.mark.parametrize("strategy", POPULATION_STRATEGIES)
def test_the_same_seed_gives_the_same_search_and_another_seed_another(strategy):
    one, two, other = small_search(strategy), small_search(strategy), small_search(strategy, seed=1)
    for search in (one, two, other):
        run(search, 6)
    assert same_state(one, two)
    assert not same_state(one, other)


@pytest.mark.parametrize("strategy", POPULATION_STRATEGIES)
def test_a_restored_search_goes_on_as_if_never_stopped(strategy):
    search = small_search(strategy, mutation=RICH)
    run(search, 7)
    restored = small_search(strategy, mutation=RICH)
    restored.restore(*search.state())
    assert run(search, 5) == run(restored, 5)
    assert same_state(search, restored)


def flat_returns(request: Request) -> np.ndarray:
    """Equal returns for all, in every generation."""
    return np.ones((len(request.networks), len(request.weights), np.shape(request.seeds)[-1]))


@pytest.mark.parametrize("initial", [[], grown_genomes(3, num_inputs=2, num_outputs=1)])
@pytest.mark.parametrize("strategy", POPULATION_STRATEGIES)
def test_a_stuck_population_starts_anew(strategy, initial):
    search = small_search(strategy, mutation=RICH, restart_after=3, initial=initial)
    first = [search.population]
    restarts = [search.tell(flat_returns(search.ask())).num_restarts]
    for _ in range(7):
        before = search.population
        restarts.append(search.tell(flat_returns(search.ask())).num_restarts)
        if (search.state()[0]["age"] == 0).all():
            first.append(search.population)
            assert search.state()[0]["life.num_rollouts"].max() == 0
            assert any(genome in list(search.candidates()) for genome in before), "the best of before are remembered"
    assert restarts == [0, 0, 0, 0, 1, 1, 1, 1]
    assert len(first) == 3 and len({str(list(population)) for population in first}) == 3
    for population in first:
        assert list(population)[: len(initial)] == initial
        assert initial or np.diff(population.node_offsets).max() == 4, "minimal genomes"


@pytest.mark.parametrize("newest_first", [False, True])
def test_equal_genomes_drift_where_the_newest_come_first(newest_first):
    search = small_search(mutation=RICH, complexity_probability=0.0, newest_first=newest_first)
    first = list(search.population)[:6]
    for _ in range(3):
        search.tell(flat_returns(search.ask()))
    assert (list(search.population)[:6] == first) is not newest_first


def test_a_population_that_improves_goes_on():
    search = small_search(restart_after=2)
    for generation in range(6):
        summary = search.tell(flat_returns(search.ask()) * generation)
        assert summary.num_restarts == 0
    endless = small_search()
    assert endless.tell(flat_returns(endless.ask())).num_restarts is None


@pytest.mark.parametrize("generations", [4, 5, 6, 7])
def test_a_restored_search_restarts_as_if_never_stopped(generations):
    search, restored = (small_search("age_fitness", mutation=RICH, restart_after=3) for _ in range(2))
    for _ in range(generations):
        search.tell(flat_returns(search.ask()))
    restored.restore(*search.state())
    for _ in range(5):
        assert search.tell(flat_returns(search.ask())) == restored.tell(flat_returns(restored.ask()))
    assert same_state(search, restored)


def test_failures_alone_are_no_improvement():
    search = small_search(restart_after=2)
    for expected in (0, 0, 1):
        assert search.tell(np.nan * flat_returns(search.ask())).num_restarts == expected


def test_equal_programs_are_asked_for_once():
    search = small_search(initial_connectivity=1.0)
    assert len(search.ask().networks) == 1
    run(search, 3)
    hashes = search.ask().networks.hashes
    assert len(hashes) == len(set(hashes.tolist()))


def test_asking_twice_asks_for_the_same():
    search = small_search()
    one, two = search.ask(), search.ask()
    np.testing.assert_array_equal(one.seeds, two.seeds)
    np.testing.assert_array_equal(one.networks.sources, two.networks.sources)


def test_seeds_are_shared_by_weights_or_given_to_each():
    shared = small_search(evaluation=EvaluationConfig(rollouts=4)).ask()
    assert shared.seeds.shape == (4,)
    own = small_search(evaluation=EvaluationConfig(rollouts=4, rollout_seeds="per_weight")).ask()
    assert own.seeds.shape == (6, 4)
    assert len(set(own.seeds.ravel().tolist())) == 24


def test_sampled_weights_are_fresh_each_generation():
    search = small_search(evaluation=EvaluationConfig(sampled_weights=SampledWeights(count=8)))
    first = search.ask().weights
    run(search, 1)
    assert first.shape == (8,)
    assert not np.isin(search.ask().weights, first).any()


def test_failed_genomes_neither_breed_nor_become_candidates():
    search = small_search()
    for _ in range(5):
        request = search.ask()
        returns = sine_returns(request)
        returns[::2] = np.nan
        returns[1] = np.inf
        summary = search.tell(returns)
        assert summary.num_failed >= 1
        assert np.isfinite(summary.best_mean_return)
    arrays, _ = search.state()
    assert np.isfinite(arrays["hall_scores"]).all()


def test_a_generation_of_failures_is_survived():
    search = small_search()
    request = search.ask()
    summary = search.tell(np.full((len(request.networks), 4, 3), np.nan))
    assert np.isnan(summary.best_mean_return)
    run(search, 2)


def test_returns_of_another_shape_are_refused():
    search = small_search()
    right = sine_returns(search.ask())
    with pytest.raises(ValueError, match="expected returns"):
        search.tell(np.zeros((3, 6)))
    assert search.tell(right) is not None  # the request is still open


def test_genomes_of_another_task_are_refused():
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        small_search(initial=grown_genomes(3, num_inputs=3, num_outputs=1))


def test_a_search_starts_from_given_genomes():
    initial = grown_genomes(3, num_inputs=2, num_outputs=1)
    search = small_search(initial=initial)
    assert list(search.population)[:3] == initial
    assert len(search.population) == 40


def cohort() -> Cohort:
    """Means 1 and 2 now, at the best weight 5 and 3; 2 and 2 over their lives of 4 rollouts and 1."""
    now = Records.of(np.array([[[-3.0], [5.0]], [[1.0], [3.0]]]))
    before = Records.of(np.array([[[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], np.zeros((2, 3))]))
    before = Records(np.array([3, 0]), before.weight_sums, before.squares)
    return Cohort(now, before + now, age=np.array([9, 2]), num_enabled=np.array([0, 4]))


def test_a_limit_on_connections_is_kept():
    search = small_search(mutation=RICH, complexity_probability=0.0, max_connections=1)
    run(search, 25)
    elites = search.population.num_enabled()[: int(0.2 * 32)]
    assert elites.max() <= 1
    assert search.hall.num_enabled().max() <= 1
    free = small_search(mutation=RICH, complexity_probability=0.0)
    run(free, 25)
    assert free.population.num_enabled()[: int(0.2 * 32)].max() > 1


def objectives_of(strategy: str, draw: float, generation: int = 0, **settings) -> np.ndarray:
    search = small_search(strategy, **settings)
    return search.strategy.objectives(cohort(), generation, draw)


def test_published_objectives():
    np.testing.assert_array_equal(objectives_of("published", draw=0.79), [[1, 1], [2, 0.25]])
    np.testing.assert_array_equal(objectives_of("published", draw=0.81), [[1, 5], [2, 3]])


def test_age_fitness_objectives():
    np.testing.assert_array_equal(objectives_of("age_fitness", draw=0.79), [[2, 1], [2, 0.25]])
    np.testing.assert_array_equal(objectives_of("age_fitness", draw=0.81), [[2, -9], [2, -2]])


def test_age_fitness_may_score_by_this_generation_alone():
    settings = {"age_fitness": {"lifetime": False}}
    np.testing.assert_array_equal(objectives_of("age_fitness", draw=0.81, **settings), [[1, -9], [2, -2]])


def test_lower_bound_objectives():
    """Mean 2 of the returns 1, 1, 2, 4; of one rollout only the others' variance is known."""
    pooled = 6 / 3
    errors = np.sqrt([(6 + 4 * pooled) / (3 + 4) / 4, 4 * pooled / 4 / 1])
    np.testing.assert_allclose(
        objectives_of("lower_bound", 0.79, lower_bound={"confidence": 2.0})[:, 0], [2, 2] - 2 * errors
    )
    np.testing.assert_array_equal(objectives_of("lower_bound", 0.81)[:, 1], [-9, -2])
    refining = objectives_of("lower_bound", 0.81, generation=5, lower_bound={"age_generations": 5, "confidence": 1.0})
    np.testing.assert_allclose(refining[:, 1], [3, 3] - errors)


def test_risk_is_counted_in_deviations_which_more_rollouts_do_not_shrink():
    deviations = np.sqrt([(6 + 4 * 2) / (3 + 4), 4 * 2 / 4])
    errors = deviations / np.sqrt([4, 1])
    found = objectives_of("lower_bound", 0.79, lower_bound={"confidence": 2.0, "risk": 1.28})[:, 0]
    np.testing.assert_allclose(found, [2, 2] - 2 * errors - 1.28 * deviations)


def test_a_short_life_without_falls_leads_only_where_its_own_variance_is_trusted():
    """Walkers of 20 rollouts without a fall and of 400 with 5 % of them."""
    short, long = np.tile([274.0, 282.0], 10), np.concatenate([np.tile([280.0, 288.0], 190), np.full(20, 50.0)])
    records = [Records.of(returns[None, None]) for returns in (short, long)]
    joined = (np.concatenate([getattr(record, name) for record in records]) for name in RECORD_ARRAYS)
    life = Records(*joined)
    walkers = Cohort(life, life, age=np.zeros(2, np.int64), num_enabled=np.ones(2, np.int64))
    leads = {}
    for prior in (4, 64):
        strategy = small_search("lower_bound", lower_bound={"confidence": 1.5, "prior_rollouts": prior}).strategy
        leads[prior] = int(strategy.objectives(walkers, 0, 0.9)[:, 0].argmax())
    assert leads == {4: 0, 64: 1}


RACE = EvaluationConfig(
    weights=(-1.0, 1.0), rollouts=1, race=({"share": 0.25, "rollouts": 2}, {"share": 0.1, "rollouts": 3})
)


def test_a_race_gives_more_rollouts_to_the_best():
    search = small_search("lower_bound", evaluation=RACE, initial=grown_genomes(20, num_inputs=2, num_outputs=1))
    first = search.ask()
    returns = np.zeros((len(first.networks), 2, 1))
    order = np.random.default_rng(0).permutation(len(returns))
    returns[order] = np.arange(len(returns))[:, None, None]
    assert search.tell(returns) is None
    second = search.ask()
    best = order[-round(0.25 * len(returns)) :]
    assert set(second.networks.hashes) == set(first.networks.hashes[best])
    assert search.tell(np.full((len(best), 2, 2), 100.0)) is None
    third = search.ask()
    assert len(third.networks) == round(0.1 * len(returns))
    seeds = np.concatenate([first.seeds, second.seeds, third.seeds])
    assert [r.seeds.shape for r in (first, second, third)] == [(1,), (2,), (3,)]
    assert len(set(seeds.tolist())) == 6, "every heat has seeds of its own"
    summary = search.tell(np.full((len(third.networks), 2, 3), 1000.0))
    assert summary.generation == 0 and summary.best_mean_return > 500
    assert search.generation == 1
    assert search.state()[0]["life.num_rollouts"].max() == 6


def test_of_programs_that_do_the_same_one_races():
    search = small_search("lower_bound", evaluation=RACE, initial=grown_genomes(20, num_inputs=2, num_outputs=1))
    first = search.ask()
    returns = np.arange(len(first.networks), dtype=float)[:, None, None].repeat(2, axis=1)
    returns[-12:] = 1000.0
    assert search.tell(returns) is None
    hashes = first.networks.hashes
    raced = set(search.ask().networks.hashes)
    wanted = round(0.25 * len(hashes))
    assert len(raced & set(hashes[-12:])) == 1
    assert raced >= set(hashes[-12 - wanted + 1 : -12])


def test_a_search_stopped_within_a_race_repeats_its_generation():
    search, again = (small_search("lower_bound", evaluation=RACE) for _ in range(2))
    run(search, 2)
    run(again, 2)
    search.tell(sine_returns(search.ask()))
    again.restore(*search.state())
    assert same_state(search, again)
    np.testing.assert_array_equal(again.ask().seeds, small_ask_seeds(search))


def small_ask_seeds(search: Search) -> np.ndarray:
    """Seeds of the first heat of the generation that ``search`` is in."""
    fresh = small_search("lower_bound", evaluation=RACE)
    fresh.restore(*search.state())
    return fresh.ask().seeds


def test_failed_genomes_leave_the_race():
    search = small_search("lower_bound", evaluation=RACE, initial=grown_genomes(20, num_inputs=2, num_outputs=1))
    request = search.ask()
    returns = sine_returns(request)
    returns[3:] = np.nan
    assert search.tell(returns) is None
    assert set(search.ask().networks.hashes) <= set(request.networks.hashes[:3])
    search = small_search("lower_bound", evaluation=RACE)
    assert search.tell(np.full((len(search.ask().networks), 2, 1), np.nan)).num_failed == 40


@pytest.mark.parametrize(("population", "ratio", "expected"), [(192, 0.02, 4), (20, 0.02, 1), (20, 0.0, 0)])
def test_small_populations_have_newborns_too(population, ratio, expected):
    assert AgeFitnessConfig(newborn_ratio=ratio).num_newborn(population) == expected


REFINING = {"age_fitness": {"age_generations": 5}}


def test_age_fitness_refines_after_its_age_generations():
    np.testing.assert_array_equal(objectives_of("age_fitness", 0.81, generation=4, **REFINING)[:, 1], [-9, -2])
    np.testing.assert_array_equal(objectives_of("age_fitness", 0.81, generation=5, **REFINING)[:, 1], [5, 3])
    search = small_search("age_fitness", age_fitness={"newborn_ratio": 0.1, "age_generations": 3})
    run(search, 3)
    assert (search.state()[0]["age"][-4:] == 0).all()
    run(search, 1)
    assert search.state()[0]["age"].min() >= 1


def test_pruning_leaves_no_dead_hidden_node():
    search = small_search("age_fitness", mutation=RICH, prune_dead=True)
    run(search, 10)
    networks = search.ask().networks
    programs = {int(h): n.num_hidden for h, n in zip(networks.hashes, networks, strict=True)}
    for genome in search.population:
        assert genome.num_hidden == programs[compile_genome(genome).structural_hash]


def test_elites_gather_scores_and_children_begin_anew():
    search = small_search("age_fitness", age_fitness={"newborn_ratio": 0.1})
    run(search, 4)
    arrays, _ = search.state()
    num_elites = int(0.2 * 32)
    assert (arrays["life.num_rollouts"][:num_elites] >= 1).all()
    assert (arrays["life.num_rollouts"][num_elites:] == 0).all()
    assert (arrays["age"][-4:] == 0).all()
    assert (arrays["age"][:-4] >= 1).all()


def test_complexity_is_drawn_with_its_probability():
    """With certainty of complexity, a larger network of equal return cannot outrank a smaller one."""
    search = small_search(complexity_probability=1.0)
    for _ in range(5):
        request = search.ask()
        search.tell(np.zeros((len(request.networks), 4, 3)))
    smallest = search.population.num_enabled()[: int(0.2 * 32)]
    assert smallest.max() <= 1


def test_the_hall_keeps_the_best_of_all_generations():
    search = small_search()
    bests = []
    for _ in range(20):
        returns = sine_returns(search.ask(), noise=0)
        bests.append(search.tell(returns).best_mean_return)
    best = max(bests)
    arrays, _ = search.state()
    assert arrays["hall_scores"][0] == pytest.approx(best)
    assert (np.diff(arrays["hall_scores"]) <= 0).all()
    assert isinstance(search.candidates(), Population)
