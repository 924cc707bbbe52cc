"""A baseline: one kind of model with its trainer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from baselines.models.model import Model, Problem
from baselines.training.trainer import Trainer


@dataclass(frozen=True)
class Baseline:
    """One entry of `baselines.registry.BASELINES`, defined in the file of its model as ``BASELINE``."""

    about: str  # in one line
    make: Callable[[Problem, torch.Generator], Model]
    trainer: Trainer  # with the settings of this baseline
    side: int | None = None  # of the only pictures that it takes, in pixels; None: any
    takes_champion: bool = False  # trains the topology of a champion, whose file is then needed
