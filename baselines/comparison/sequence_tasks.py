"""The table of one sequence task: champions at shared, random and tuned weights, and trained models, by length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.cells import Cell, Curve, Table
from baselines.comparison.comparison_options import CHAMPION
from baselines.comparison.contestants import Bench, Report, champion_contestant
from baselines.comparison.entrants import Entrant
from baselines.comparison.length_reports import LengthReport, answers_of_network
from baselines.comparison.sequence_plans import model_plans, names_of, problem_of_task, topology_plan
from baselines.comparison.store import resumable, write_text
from baselines.comparison.table_setup import TableSetup
from baselines.comparison.trained_cells import TrainedCells
from baselines.comparison.tuned_files import tuned_champion
from baselines.comparison.tuning_plans import plan_of
from baselines.sequence_options import SequenceOptions, SequencePlan
from envs.sequences.task import SequenceTask
from envs.task import options_of
from wann.errors import Stopped
from wann.network import Network, compile_genome

if TYPE_CHECKING:
    from baselines.models.sequences.sequence_model import SequenceModel
    from baselines.training.on_sequences import TrainingState

_BY_GRADIENTS = "weights trained through time"
# A row of the table that waits, and how it is measured, given the number of the row. It may raise `Stopped`.
_Job = tuple[Cell, Callable[[int], Cell]]


def choosing_task(task: SequenceTask) -> SequenceTask:
    """Batches of training sequences: on them weights are chosen and tuned, as models are trained on them."""
    return replace(task, batch=64, split="train", lengths="training", score="graded")


class SequenceTable:
    """Measures the champions of one task and the models beside them, one after another, so that CPU seconds are each's.

    Args:
        setup: its evaluator is of the `choosing_task`.
    """

    def __init__(self, setup: TableSetup) -> None:
        task, group, options = setup.task, setup.group, setup.options
        assert isinstance(task, SequenceTask)
        self._task, self._problem, self._group, self._options = task, problem_of_task(task), group, options
        self._directory = Path(options.out)
        self._training = TrainedCells(self._directory, setup.store, setup.stopped, setup.progress)
        self._stopped, self._progress, self._write = setup.stopped, setup.progress, setup.write
        self._report = LengthReport(self._problem, options.seed, options.episodes, setup.ledger)
        self._benches = [
            setup.bench(champion_contestant(entrant), index, self._reports(entrant))
            for index, entrant in enumerate(group)
        ]
        self._table = Table(task.name, options_of(task), {entrant.label: "champion" for entrant in group}, [])

    def measure(self, found: list[Table]) -> None:
        """Measure cheap cells first, so that most results are shown early, then trained models, then the tunings."""
        found.append(self._table)
        jobs = [job for number in range(len(self._group)) for job in self._champion_jobs(number)]
        jobs += self._model_jobs()
        self._table.cells[:] = [waiting for waiting, _ in jobs]
        try:
            for row in sorted(range(len(jobs)), key=lambda row: _ORDER.get(jobs[row][0].setting, 1)):
                if self._stopped():
                    return
                self._look(row, jobs[row][1](row))
        except Stopped:
            return

    def _reports(self, entrant: Entrant) -> Report:
        return partial(_reported, self._report, compile_genome(entrant.champion.genome))

    def _look(self, row: int, cell: Cell) -> None:
        self._table.cells[row] = cell
        self._write()

    # --- champions ---

    def _champion_jobs(self, number: int) -> list[_Job]:
        bench = self._benches[number]
        jobs: list[_Job] = [
            (bench.waiting(setting), partial(self._measured, bench, setting))
            for setting in bench.contestant.settings
            if setting != "tuned"
        ]
        jobs.append((bench.waiting("tuned"), partial(self._tuned, number)))
        if CHAMPION in names_of(self._options):
            waiting = Cell(self._group[number].label, "gradients", _BY_GRADIENTS, np.zeros(0))
            jobs.append((waiting, partial(self._trained_topology, number, waiting)))
        return jobs

    def _measured(self, bench: Bench, setting: Any, row: int) -> Cell:
        return bench.measure(setting)

    def _tuned(self, number: int, row: int) -> Cell:
        bench, plan = self._benches[number], plan_of(self._task, self._options.steps)
        curves: dict[str, Curve] = {curve.network: curve for curve in self._table.curves}

        def look(cell: Cell, curve: Curve) -> None:
            curves[curve.network] = curve
            self._table.curves[:] = curves.values()
            self._look(row, cell)

        cell, curve, weights = bench.tune(plan, self._stopped, self._progress, look)
        look(cell, curve)
        if weights is not None:
            self._save_weights(number, bench.contestant.file_name, cell, weights)
            bench.keep(cell)
        return cell

    def _trained_topology(self, number: int, waiting: Cell, row: int) -> Cell:
        """Train from where tuning starts. If that is better on the validation sequences, it is what is kept."""
        import torch

        from baselines.models.sequences.recurrent_topology import RecurrentTopology
        from baselines.training.on_sequences import validation_episodes
        from baselines.training.sequence_judging import judge

        entrant, start = self._group[number], self._benches[number].start()
        plan, network = topology_plan(self._options, entrant, self._problem), compile_genome(entrant.champion.genome)
        name = f"trained_{entrant.file_name}"
        example = torch.from_numpy(self._problem.draw("train", 0, plan.trainer.batch).inputs)

        def finish(model: SequenceModel, state: TrainingState) -> Cell:
            assert isinstance(model, RecurrentTopology)
            first = RecurrentTopology(plan.shape, network, start, example)
            before = judge(first, validation_episodes(self._problem, plan.trainer.validation))
            is_better = state.best_point.quality > (before.accuracy, -before.cross_entropy)
            weights = (model if is_better else first).individual_weights(start)
            values, facts = _reported(self._report, network, weights[None], 0, 0)
            cell = replace(waiting, values=values, facts={**facts, "starts_best": not is_better})
            self._save_weights(number, name, cell, weights)
            return cell

        make = partial(RecurrentTopology, plan.shape, network, start, example)
        return self._training.measure(name, waiting, plan, make, finish, partial(self._look, row))

    def _save_weights(self, number: int, name: str, cell: Cell, weights: NDArray[np.float64]) -> None:
        model = replace(self._group[number].champion, simulator=self._task.simulated_by)
        write_text(self._directory, f"{name}.json", tuned_champion(model, weights, cell, self._options.seed))

    # --- models ---

    def _model_jobs(self) -> list[_Job]:
        jobs: list[_Job] = []
        for options, plan in model_plans(self._options, self._task):
            waiting = Cell(plan.baseline, plan.baseline, "trained weights", np.zeros(0))
            jobs.append((waiting, partial(self._trained_model, options, plan, waiting)))
        return jobs

    def _trained_model(self, options: SequenceOptions, plan: SequencePlan, waiting: Cell, row: int) -> Cell:
        from baselines.sequence_file import save_result
        from baselines.train_sequences import new_model, report

        name = f"{self._group[0].file_name}.{plan.baseline}"

        def finish(model: SequenceModel, state: TrainingState) -> Cell:
            directory = self._directory / "models" / name
            with resumable(self._directory, directory):
                directory.mkdir(parents=True, exist_ok=True)
                save_result(directory, report(options, plan, model, state))
            values, facts = self._report(_answers_of_model(model))
            settings = asdict(plan.settings)
            memory = model.memory(self._problem.draw("test", 0, 1, self._problem.judging_lengths[0]).num_steps)
            return replace(waiting, values=values, facts={**facts, "memory_numbers": memory, "model": settings})

        make, look = partial(new_model, plan), partial(self._look, row)
        return self._training.measure(f"model.{name}", waiting, plan, make, finish, look)


# Settings of cells that are measured before and after those of trained models.
_ORDER = {"random_individual": 0, "random_shared": 0, "best_shared": 0, "own": 0, "tuned": 2}


def _reported(
    report: LengthReport, network: Network, weights: NDArray[np.float64], index: int, episodes: int
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """See `baselines.comparison.contestants.Report`: all cells have the same sequences."""
    values, facts = report(answers_of_network(network, weights))
    return values, {**facts, "memory_numbers": network.num_state}


def _answers_of_model(model: SequenceModel) -> Callable[..., NDArray]:
    from baselines.training.sequence_judging import outputs_of
    from envs.sequences.scoring import scores

    def answer(episodes: Any, first: int) -> NDArray:
        found = scores(outputs_of(model, episodes), episodes)
        return found.answers - found.wrong[0]

    return answer
