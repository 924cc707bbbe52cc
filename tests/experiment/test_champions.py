"""Choosing survivors and the champion: progress with an end in sight, and the reading of confirmed returns."""

import numpy as np
import pytest
from rich.console import Console

from configs import from_mapping
from experiment.build import Evaluators
from experiment.champions import Found, crown, survivors
from experiment.confirmed import ConfirmedReturns
from experiment.plan import plan_of
from experiment.terminal.choosing import Choosing
from experiment.terminal.command_line import StopRequest
from networks import random_population

SHAPES = [
    {"champion": {"first_episodes": 4, "candidates": 4, "selection_episodes": 32, "report_episodes": 3}},
    {"champion": {"first_episodes": 1, "candidates": 8, "selection_episodes": 8, "report_episodes": 2}},
    {
        "champion": {
            "first_episodes": 8,
            "candidates": 3,
            "selection_episodes": 200,
            "report_episodes": 1,
            "side_episodes": 2,
        },
        "evaluation": {"sampled_weights": {"low": 0.5, "high": 1.5, "count": 4}},
    },
]


@pytest.fixture
def stop():
    with StopRequest(lambda: None) as stop:
        yield stop


def values(shape: dict) -> dict:
    return {"task": {"max_steps": 15}, "workers": {"evaluator": "inline"}, **shape}


@pytest.mark.parametrize("shape", SHAPES)
def test_progress_ends_at_the_number_of_episodes_that_was_foretold(shape, stop):
    plan = plan_of(from_mapping(values(shape))).searches[0]
    told: list[tuple[int, int]] = []
    with Evaluators(plan.config, Console(quiet=True)) as evaluators:
        task = evaluators.task_of(plan.last)
        genomes = random_population(task.num_inputs, task.num_outputs, 20, np.random.default_rng(1))
        champion = crown(plan, Found(genomes, 3), evaluators, stop, lambda *figures: told.append(figures))
    assert champion.generation == 3
    assert told[-1][0] == pytest.approx(told[-1][1], rel=0.05)  # Fewer where the best weight is at an end of its grid.
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 8 and len({total for _, total in told}) == 1


@pytest.mark.parametrize("wanted", [1, 3, 12])
def test_survivors_are_chosen_in_the_episodes_that_were_foretold(wanted, stop):
    config = from_mapping(values(SHAPES[0]))
    told: list[tuple[int, int]] = []
    with Evaluators(config, Console(quiet=True)) as evaluators:
        task = evaluators.task_of(config)
        genomes = random_population(task.num_inputs, task.num_outputs, 20, np.random.default_rng(1))
        survivors(genomes, config, evaluators.on(task), wanted, stop, lambda *figures: told.append(figures))
    assert told[-1][0] == told[-1][1]


def test_plain_lines_tell_of_the_choice(monkeypatch, capsys):
    monkeypatch.setattr("experiment.terminal.choosing.PLAIN_SECONDS", 0.0)
    with Choosing(Console(width=200), "run", "the champion") as choosing:
        choosing.update(1200, 4000)
        choosing.update(5000, 4000)
    assert capsys.readouterr().out.splitlines() == [
        "run  choosing the champion: episodes 1,200 of about 4,000",
        "run  choosing the champion: episodes 5,000 of about 5,000",
    ]


def test_confirmed_returns_are_read_by_name():
    record = {"mean": 1.0, "std": 0.0, "median": 1.0, "min": 1.0}
    stored = {
        "episodes": 7,
        "per_weight": [{"weight": 1.0, **record}],
        "random_individual_weights": {"low": -2, "high": 2, **record},
        "random_shared_weight": {"low": -2, "high": 2, **record},
        "best_shared_weight": {"weight": 1.0, **record},
    }
    plain = ConfirmedReturns.of(stored)
    assert plain.unit == "returns of 7 fresh episodes each, in float64" and not plain.per_class
    images = ConfirmedReturns.of({**stored, "vote": 90.0, "mean_softmax": 91.0})
    assert images.unit.startswith("accuracy (%)")
    assert images.ensemble == {"vote of all weights": 90.0, "their mean softmax": 91.0}
