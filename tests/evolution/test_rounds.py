"""Generations of several rounds (races), as the command runs them."""

from pathlib import Path

import pytest
from rich.console import Console

from configs import load_config
from experiment.build import task_of
from experiment.loop import evolve
from searching import metrics, write_config
from storage.checkpoint import load_latest
from storage.run_directory import RunDirectory
from workers.inline import InlineEvaluator

RACE = {"weights": [1.0, 2.0], "rollouts": 1, "race": [{"share": 0.5, "rollouts": 2}, {"share": 0.1, "rollouts": 3}]}
GENERATIONS = 4


class Stop:
    """A `StopRequest` without signals."""

    def __init__(self) -> None:
        self.requested = False


class Counting(InlineEvaluator):
    """Counts rounds and steps, and asks to stop after ``stop_after`` rounds."""

    def __init__(self, task, stop: Stop, stop_after: int | None = None) -> None:
        super().__init__(task)
        self.stop, self.stop_after = stop, stop_after
        self.shapes: list[tuple[int, ...]] = []
        self.steps = 0

    def evaluate(self, networks, weights, seeds):
        returns = super().evaluate(networks, weights, seeds)
        self.shapes.append(returns.values.shape)
        self.steps += int(returns.steps.sum())
        self.stop.requested = len(self.shapes) == self.stop_after
        return returns


@pytest.fixture
def config(tmp_path):
    return load_config(write_config(tmp_path / "c.yaml", generations=GENERATIONS, evaluation=RACE))


def run_it(directory: RunDirectory, stop_after: int | None = None) -> Counting:
    task, stop = task_of(directory.config), Stop()
    with directory as run, Counting(task, stop, stop_after) as evaluator:
        search = evolve(run, task, evaluator, Console(quiet=True), stop)
        assert (search is None) == (stop_after is not None)
    return evaluator


def test_a_line_of_metrics_has_the_steps_of_all_rounds(config, tmp_path):
    evaluator = run_it(RunDirectory.create(tmp_path / "run", config))
    assert len(evaluator.shapes) == 3 * GENERATIONS
    assert [shape[2] for shape in evaluator.shapes[:3]] == [1, 2, 3]
    lines = metrics(tmp_path / "run")
    assert [line["generation"] for line in lines] == list(range(GENERATIONS))
    assert lines[-1]["env_steps"] == evaluator.steps


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1000.0])  # with the latter, a checkpoint is due when it stops
@pytest.mark.parametrize("stop_after", [2, 4, 7, 9])
def test_a_stop_between_two_rounds_changes_nothing(stop_after, checkpoint_seconds, config, tmp_path):
    logging = config.logging.model_copy(update={"checkpoint_seconds": checkpoint_seconds})
    config = config.model_copy(update={"logging": logging})
    whole, run = tmp_path / "whole", tmp_path / "run"
    run_it(RunDirectory.create(whole, config))
    run_it(RunDirectory.create(run, config), stop_after)
    assert _generation(run) == stop_after // 3
    run_it(RunDirectory.open_existing(run))
    assert metrics(run) == metrics(whole)
    assert _generation(run) == _generation(whole) == GENERATIONS


def _generation(run: Path) -> int:
    checkpoint = load_latest(run)
    return checkpoint.metadata["generation"] if checkpoint else 0
