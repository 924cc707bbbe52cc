"""Gradient-informed search on real digits, in both forms: what it grows, and that it repeats."""

import numpy as np
import pytest

from configs.schema import EvaluationConfig, GradientConfig, SearchConfig
from envs.images.classification import Classification
from evolution.gradient.growth import PATH_LENGTH, levels_of
from evolution.gradient.search import GradientSearch
from evolution.protocol import Setting
from genomes import grown_genomes
from wann.genome import validate_genome
from wann.network import compile_genome
from wann.oracle import forward
from workers.inline import InlineEvaluator

TASK = Classification("digits", batch=400, score="tempered_cross_entropy")
EQUAL = {
    "activations": ("linear", "inverse", "abs", "relu"),
    "gradient_informed": GradientConfig(equal_paths=True, probes=24),
}
FREE = {"activations": ("tanh", "gaussian", "abs", "inverse", "relu"), "gradient_informed": GradientConfig(probes=24)}
FORMS = {"equal paths": (EQUAL, (1.0,)), "free": (FREE, (-1.0, 0.5, 1.0))}


def search_of(form: str, seed: int = 0, **changes) -> GradientSearch:
    settings, weights = FORMS[form]
    config = SearchConfig(strategy="gradient_informed", **{**settings, **changes})
    evaluation = EvaluationConfig(weights=weights, rollouts=1)
    return GradientSearch(Setting(config, evaluation, seed, TASK.num_inputs, TASK.num_outputs))


def run(search: GradientSearch, generations: int) -> list:
    summaries = []
    while len(summaries) < generations:
        request = search.ask()
        summary = search.tell(request.answered_by(InlineEvaluator(TASK)).found)
        if summary is not None:
            summaries.append(summary)
    return summaries


@pytest.fixture(scope="module", params=FORMS)
def form(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def finished(form) -> tuple[GradientSearch, list]:
    search = search_of(form)
    return search, run(search, 30)


def test_it_learns(finished):
    search, summaries = finished
    assert [summary.generation for summary in summaries] == list(range(30))
    assert summaries[-1].best_mean_return > -0.9  # nats; nothing learnt is -2.3
    network = compile_genome(search.candidates()[-1])
    found = TASK.untouched.evaluate_oracle(network, np.array([1.0]), [0])
    assert found.values.item() > 70


def test_genomes_are_valid_and_hold_nothing_dead(finished):
    search, _ = finished
    for genome in search.candidates():
        validate_genome(genome)
        assert compile_genome(genome).num_connections == genome.num_enabled == len(genome.enabled)


def test_equal_paths_give_one_class_at_every_weight():
    search = search_of("equal paths", seed=4)
    run(search, 12)
    genome = search.candidates()[-1]
    assert levels_of(genome).max() == PATH_LENGTH
    inputs = TASK.reported.batch_of(0).inputs.T
    # Products with powers of two are exact; with others rounding decides where two logits are equal.
    logits = forward(compile_genome(genome), np.array([1, -1, 2, -0.5, 1 / 64, 0.01, -1.7]), inputs)
    classes = logits.argmax(axis=2)
    assert len(np.unique(classes[0])) > 3
    assert (classes[:5] == classes[0]).all()
    assert (classes == classes[0]).mean() > 0.98


def test_equal_paths_refuse_other_genomes():
    genome = next(g for g in grown_genomes(20, num_inputs=2, num_outputs=1, num_steps=20) if g.num_enabled > 3)
    config = SearchConfig(strategy="gradient_informed", **EQUAL)
    with pytest.raises(ValueError, match="every path has 4 connections"):
        GradientSearch(Setting(config, EvaluationConfig(weights=(1.0,)), 0, 2, 1, [genome]))


def test_a_restored_search_goes_on_the_same(form, finished):
    search, summaries = finished
    stopped = search_of(form)
    run(stopped, 17)
    stopped.ask()  # between two rounds, nothing is lost but the round
    resumed = search_of(form)
    resumed.restore(*stopped.state())
    assert run(resumed, 13) == summaries[17:]
    (arrays, _), (others, _) = search.state(), resumed.state()
    assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


def test_the_limit_on_connections_is_kept(form):
    search = search_of(form, max_connections=60)
    summaries = run(search, 40)
    assert 30 < search.candidates().num_enabled().max() <= 60
    # There it goes on by exchange.
    full = next(summary for summary in summaries if summary.best_num_connections > 50)
    assert full.generation < 25
    assert summaries[-1].best_mean_return > full.best_mean_return + 0.05


def test_another_seed_is_another_search(form, finished):
    assert run(search_of(form, seed=1), 3) != finished[1][:3]


def lineages(count: int, renew_every: int = 1000) -> dict:
    gradient = GradientConfig(equal_paths=True, probes=24, lineages=count, renew_every=renew_every)
    return {"gradient_informed": gradient}


def parents(search: GradientSearch) -> list[bytes]:
    return [compile_genome(lineage.parent).sources.tobytes() for lineage in search.lineages]


def test_the_first_of_several_lineages_goes_its_way_as_if_alone():
    alone, several = search_of("equal paths"), search_of("equal paths", **lineages(3))
    run(alone, 8)
    run(several, 8)
    assert parents(several)[0] == parents(alone)[0]
    assert len(set(parents(several))) == 3


def test_the_worst_lineage_begins_anew_from_the_best():
    search = search_of("equal paths", **lineages(3, renew_every=6))
    *_, last = run(search, 5)
    assert len(set(parents(search))) == 3
    last = run(search, 1)[0]
    assert len(set(parents(search))) == 2
    twice = next(parent for parent in parents(search) if parents(search).count(parent) == 2)
    best = compile_genome(search.lineages[parents(search).index(twice)].parent)
    assert best.num_connections == last.best_num_connections
    run(search, 1)
    assert len(set(parents(search))) == 3  # their draws differ


def test_lineages_are_restored():
    whole, stopped = (search_of("equal paths", **lineages(2, renew_every=3)) for _ in range(2))
    summaries = run(whole, 9)
    run(stopped, 5)
    resumed = search_of("equal paths", **lineages(2, renew_every=3))
    resumed.restore(*stopped.state())
    assert run(resumed, 4) == summaries[5:]
    assert parents(resumed) == parents(whole)
    assert len(resumed.candidates()) == len(whole.candidates())
