"""A sequence baseline: one kind of model of sequences with its settings and trainer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape
from baselines.training.on_sequences import SequenceTrainer


def takes_all(shape: SequenceShape) -> str:
    """Fit for every problem."""
    return ""


def asks_questions(shape: SequenceShape) -> str:
    """Fit for problems whose answers follow a go flag."""
    return "" if shape.go is not None else "a problem that asks a question by an input named go"


@dataclass(frozen=True)
class SequenceBaseline:
    """One entry of `baselines.registry.SEQUENCE_BASELINES`, defined in the file of its model as ``BASELINE``."""

    about: str  # in one line
    settings: Any  # of the model: a frozen dataclass, whose fields are options
    make: Callable[..., SequenceModel]  # of a `SequenceShape`, the settings, and a torch.Generator of all draws
    trainer: SequenceTrainer  # with the settings of this baseline
    # The kind of problem that is needed instead of one of this shape, in words; empty if it fits.
    unfit: Callable[[SequenceShape], str] = takes_all
