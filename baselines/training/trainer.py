"""Trainers: epochs, of which the best one on the validation part is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

import torch
from torch import Tensor

from baselines.models.model import Model
from baselines.training.examples import Examples
from baselines.training.scoring import Score, score
from wann.errors import UserError

# Told (batches done, batches in all, a remark).
Progress = Callable[[int, int, str], None]
TrainedBy = Literal["gradients", "evolution"]


@dataclass(frozen=True)
class Trained:
    """The result of training. The model has the weights of its best epoch."""

    validation: Score
    best_epoch: int  # from 1
    epochs: int  # that were trained


@dataclass(frozen=True)
class Trainer:
    """A way to train a model, with its settings. After each epoch the model is scored on the validation part."""

    epochs: int = 20  # at most
    patience: int = 8  # epochs without a better validation accuracy after which training ends

    trained_by: ClassVar[TrainedBy]
    on_gpu: ClassVar[bool] = True  # whether it can train there too
    packages: ClassVar[tuple[str, ...]] = ()  # that it needs besides torch

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing: counts are at least 1, all others at least 0."""
        for field in fields(self):
            value, least = getattr(self, field.name), 1 if str(field.type).startswith("int") else 0
            if value is not None and not least <= value < math.inf:
                raise UserError(key=f"training.{field.name}", expected=f"at least {least}", found=str(value))

    def train(
        self, model: Model, training: Examples, validation: Examples, generator: torch.Generator, progress: Progress
    ) -> Trained:
        """Train a model in place, on the device where it and the images are.

        Args:
            model: as its baseline makes it.
            training: what the weights are fitted to.
            validation: what the best epoch is chosen on.
            generator: of every draw; a CPU's.
            progress: told of every batch.
        """
        raise NotImplementedError

    def merit(self, found: Score, epoch: int) -> tuple[float, float]:
        """By this the best epoch is chosen: the validation accuracy, and of equal ones the lower cross-entropy."""
        return found.accuracy, -found.cross_entropy


class BestEpoch:
    """The weights of the epoch of the highest `Trainer.merit` on the validation part; NaN is never better."""

    def __init__(self, model: Model, validation: Examples, trainer: Trainer) -> None:
        self._model, self._validation, self._trainer = model, validation, trainer
        self._score, self._epoch, self._weights, self._epochs = Score(-1.0, math.inf), 0, self._copy(), 0
        self._merit = (-math.inf, -math.inf)
        self.note = ""  # for a person

    def is_last(self, epoch: int) -> bool:
        """Score the model after an epoch (counted from 1). Returns True if there was no improvement for too long."""
        found, self._epochs = score(self._model, self._validation), epoch
        merit = self._trainer.merit(found, epoch)
        if merit > self._merit:
            self._merit, self._score, self._epoch, self._weights = merit, found, epoch, self._copy()
        scores = f"validation {found.accuracy:.2f} %, best {self._score.accuracy:.2f} %"
        self.note = f"epoch {epoch}/{self._trainer.epochs}  {scores}"
        return epoch - self._epoch >= self._trainer.patience

    def restore(self) -> Trained:
        """Give the model the weights of its best epoch."""
        self._model.load_state_dict(self._weights)
        return Trained(self._score, self._epoch, self._epochs)

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self._model.state_dict().items()}
