"""Comparisons on sequences: lengths, sizes of models, settings, and the published figures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from baselines.comparison.cells import Cell
from baselines.comparison.comparison_options import ComparisonOptions
from baselines.comparison.length_reports import lengths_of
from baselines.comparison.published_figures import retrieval_accuracy
from baselines.comparison.sequence_plans import _hidden_for, model_plans, problem_of_task
from envs.registry import make_task
from envs.sequences import make_problem
from wann.errors import UserError

TASK = make_task("copy_vectors", {"longest": 7, "split": "test", "batch": 1})


def plans(*baselines, **options):
    return [plan for _, plan in model_plans(ComparisonOptions((), "", baselines=baselines or None, **options), TASK)]


def test_models_are_trained_on_the_problem_of_the_champion_with_equal_updates():
    found = plans("lstm", "ntm", updates=7, seed=3)
    assert [plan.baseline for plan in found] == ["lstm", "ntm"]
    assert all(plan.problem == problem_of_task(TASK) == make_problem("copy_vectors", longest=7) for plan in found)
    assert all(plan.trainer.updates == 7 and plan.seed == 3 for plan in found)
    assert [plan.baseline for plan in plans()] == ["rnn", "lstm", "fast_weights"]
    assert {plan.trainer.updates for plan in plans()} == {2000}


def test_a_setting_is_that_of_the_models_that_have_it():
    lstm, ntm = plans("lstm", "ntm", settings=("model.width=9", "model.hidden=30", "training.batch=5"))
    assert ntm.settings.width == 9 and lstm.settings.hidden == ntm.settings.hidden == 30
    assert lstm.trainer.batch == ntm.trainer.batch == 5
    with pytest.raises(UserError, match=r"--set model.widht: expected a setting of one of the models, found no such"):
        plans("lstm", "ntm", settings=("model.widht=9",))
    with pytest.raises(UserError, match=r"expected NAME=VALUE with a NAME that begins with model., training., found"):
        plans("lstm", settings=("task.longest=9",))


def test_models_of_equal_size():
    from baselines.train_sequences import new_model

    sizes = [new_model(plan).num_parameters for plan in plans("rnn", "lstm", parameters=2000)]
    assert all(abs(size - 2000) < 100 for size in sizes)


def test_lengths_double_between_the_first_and_the_last_that_are_judged():
    assert lengths_of(make_problem("parity")) == [16, 32, 64, 128, 256, 512, 1000]
    assert lengths_of(make_problem("associative_retrieval", keys=26, shortest=4, longest=4)) == [4, 8, 16, 26]
    assert lengths_of(make_problem("copy", longest=0)) == [0, 21, 60]


def test_the_size_is_the_nearest():
    sizes = {105: lambda hidden: hidden * (hidden + 1), 6: lambda hidden: 5 * hidden, 1: lambda hidden: 50 + hidden}
    found = {wanted: _hidden_for(wanted, size) for wanted, size in sizes.items()}
    assert found == {105: 10, 6: 1, 1: 1} and _hidden_for(5000, sizes[105]) == 70


def test_published_figures_stand_beside_the_published_task_and_model_alone():
    task = {"published": True, "keys": 26, "values": 10, "shortest": 4, "longest": 4}
    model = {"hidden": 50, "embedding": 100, "readout": 100}

    def found(task, model, name="lstm"):
        return retrieval_accuracy(task, Cell(name, name, "", np.zeros(1), facts={"model": model}))

    assert found(task, model) == 98.15 and found(task, model, "fast_weights") == 100
    assert found(task, model | {"hidden": 51}) is None and found(task, model | {"readout": 0}) is None
    assert found(task | {"published": False}, model) is None and found(task, {}, "champion") is None
