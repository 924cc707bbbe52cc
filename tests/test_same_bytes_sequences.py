"""Searches on sequences, with delays, plastic connections and totals: the same bytes with every strategy, at once and
stopped on the way; and evaluations on Ray workers.
"""

import json

import numpy as np
import pytest

from envs.registry import make_task
from envs.testing.networks import random_genome, with_memory
from run_search import main
from searching import result, write_config
from wann import compile_population
from wann.population import Population

# A small dictionary: six steps, keys and values in groups, judged at two and three pairs.
TASK = {"name": "associative_retrieval", "keys": 3, "values": 2, "batch": 24}
SEARCH = {
    "population": 24,
    "tournament_size": 4,
    "activations": ["linear", "step", "accumulate", "product"],
    "mutation": {
        "add_connection": 0.2,
        "insert_node": 0.2,
        "enable": 0.0,
        "change_activation": 0.1,
        "add_delayed_connection": 0.2,
        "change_delay": 0.1,
        "add_plastic_connection": 0.1,
        "repeat_along_group": 0.1,
    },
}
RACE = {"weights": [-1.0, 1.0], "rollouts": 2, "race": [{"share": 0.25, "rollouts": 3}]}
EVALUATIONS = {"lower_bound": RACE}
GENERATIONS = 6


def small(path, strategy, **changes):
    evaluation = EVALUATIONS.get(strategy, {"rollouts": 1})
    search = {**SEARCH, "strategy": strategy}
    return write_config(path, generations=GENERATIONS, task=TASK, search=search, evaluation=evaluation, **changes)


def marked(strategy):
    return pytest.param(strategy, marks=[] if strategy == "age_fitness" else [pytest.mark.slow])


@pytest.mark.parametrize("strategy", [marked(name) for name in ("published", "age_fitness", "lower_bound")])
def test_stopped_on_the_way(strategy, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    config, whole, half = small(tmp_path / "config.yaml", strategy), tmp_path / "whole", tmp_path / "half"
    assert main([str(config), "--run-dir", str(whole)]) == 0
    expected, shown = result(whole), capsys.readouterr().out
    assert len(expected[1]) == GENERATIONS
    assert main([str(config), "--run-dir", str(half), "--set", f"generations={GENERATIONS // 2}"]) == 0
    (half / "champion.json").unlink()
    assert main(["--resume", str(half), "--set", f"generations={GENERATIONS}"]) == 0
    assert result(half) == expected
    judged = json.loads(expected[0])["returns"]["judged"]
    assert [record["length"] for record in judged["lengths"]] == [2, 3]
    assert judged["weights"] == [-2, -1, -0.5, 0.5, 1, 2], "the published ones, whatever was swept"
    for words in ("accuracy (%) on 5 fresh", "pairs", "answers right", "sequences right", "min*", "U(-2, 2), min*"):
        assert words in shown
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown, "no figure is cut on a narrow terminal"


@pytest.mark.slow
def test_workers_find_the_same_bytes(ray_session):
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    task, rng = make_task("associative_retrieval", {}), np.random.default_rng(0)
    genomes = [with_memory(random_genome(task.num_inputs, task.num_outputs, rng), rng) for _ in range(40)]
    population = Population.of(genomes)
    networks = compile_population(population)
    own = [rng.uniform(-1, 1, (2, count)) for count in population.num_enabled()]
    with RayEvaluator(task, RayOptions(2, home_seconds=0)) as evaluator:
        for weights in (np.array([-1.0, 0.5]), own):
            found, expected = evaluator.evaluate(networks, weights, [3, 4]), task.evaluate(networks, weights, [3, 4])
            np.testing.assert_array_equal(found.values, expected.values)
            np.testing.assert_array_equal(found.steps, expected.steps)
        assert evaluator.statistics()["worker_chunks"] >= 2


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("task.longest=4", "task.longest: expected at most as many pairs as the 3 keys, found 4"),
        ("task.shortest=0", "task.shortest: expected at least 1, found 0"),
        ("task.batch=0", "task.batch: expected 1 to 100,000 sequences, found 0"),
    ],
)
def test_options_that_do_not_fit_end_in_one_sentence(option, message, tmp_path, capsys):
    config = small(tmp_path / "config.yaml", "published")
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", option]) == 2
    found = capsys.readouterr().err
    assert message in found and found.count("\n") == 1 and not (tmp_path / "run").exists()
