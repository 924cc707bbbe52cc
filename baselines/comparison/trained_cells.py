"""Cells of trained weights on sequences: trainings that can be stopped, and go on from their last validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines.comparison.cells import Cell
from baselines.comparison.contestants import Progress
from baselines.comparison.store import Store, resumable
from baselines.sequence_options import SequencePlan
from wann.errors import Stopped

if TYPE_CHECKING:
    from baselines.models.sequences.sequence_model import SequenceModel
    from baselines.training.on_sequences import TrainingState

# Makes a measured cell of the model at the best update.
Finish = Callable[["SequenceModel", "TrainingState"], Cell]


class TrainedCells:
    """Trains one model after another.

    Args:
        directory: of the comparison.
        store: of finished cells.
        stopped: whether to leave the rest for later; asked after each validation.
        progress: told of every update.
    """

    def __init__(self, directory: Path, store: Store, stopped: Callable[[], bool], progress: Progress) -> None:
        self._directory, self._store, self._stopped, self._progress = directory, store, stopped, progress

    def measure(
        self,
        name: str,
        waiting: Cell,
        plan: SequencePlan,
        make: Callable[[], SequenceModel],
        finish: Finish,
        look: Callable[[Cell], None],
    ) -> Cell:
        """A finished cell, trained unless the store has it.

        Args:
            name: of the cell and of its state, unique.
            waiting: the cell before it is measured.
            plan: of the training.
            make: makes the untrained model.
            finish: makes the cell.
            look: told of the cell as it stands when training is stopped.

        Raises:
            Stopped: before the end of the training, which is saved.
        """
        found = self._store.cell(name)
        if found is not None:
            return found
        from baselines.training.on_sequences import has_ended, train_on_sequences

        model, progress = make(), partial(self._progress, f"{waiting.network}, {waiting.about}")
        watch = partial(self._save, self._store.path / name, plan)
        begun = self._begun(self._store.path / name, plan)
        state = train_on_sequences(model, plan.problem, plan.trainer, plan.seed, progress, begun, watch)
        facts = _facts(model, state, plan)
        if not has_ended(state, plan.trainer):
            look(replace(waiting, facts=facts, complete=False))
            raise Stopped
        cell = finish(model, state)
        cell = replace(cell, facts={**cell.facts, **facts})
        self._store.keep(name, cell)
        return cell

    def _begun(self, directory: Path, plan: SequencePlan) -> TrainingState | None:
        from baselines.sequence_file import TRAINING, load_state

        return load_state(directory, plan) if (directory / TRAINING).exists() else None

    def _save(self, directory: Path, plan: SequencePlan, now: TrainingState) -> bool:
        from baselines.sequence_file import save_state

        with resumable(self._directory, directory):
            directory.mkdir(exist_ok=True)
            save_state(directory, plan, now)
        return self._stopped()


def _facts(model: SequenceModel, state: TrainingState, plan: SequencePlan) -> dict[str, Any]:
    return {
        "parameters": model.num_parameters,
        "updates": state.update,
        "best_update": state.best_update,
        "batch": plan.trainer.batch,
        "cpu_seconds": round(state.cpu_seconds, 2),
        "learning": [asdict(point) for point in state.curve],
    }
