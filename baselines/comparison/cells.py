"""The cells of a comparison: contestants, and their returns under one way of setting weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cell:
    """One network under one way of setting its weights.

    ``values`` are returns of episodes, accuracies (percent) at settings, or 0 and 100 for images.
    """

    network: str  # label
    setting: str
    about: str  # the setting in words
    values: NDArray[np.float64]  # [n]; [0] if not measured yet
    unit: str = "episodes"  # or settings, images: what n counts
    facts: Mapping[str, Any] = field(default_factory=dict)  # JSON: the shared weight, steps of tuning, ...
    complete: bool = True  # False: the tuning that it is of has not used all its steps


@dataclass(frozen=True)
class Curve:
    """The history of a tuning; see `baselines.comparison.weight_tuning.WeightTuning.history`."""

    network: str
    history: NDArray[np.float64]  # [generations, 6]
    wanted_steps: int


@dataclass(frozen=True)
class Table:
    """All cells of one task."""

    task: str  # name
    options: Mapping[str, Any]
    kinds: Mapping[str, str]  # label to what the published table calls it, "champion" or "fixed"
    cells: list[Cell]
    curves: list[Curve] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return all(cell.complete and len(cell.values) for cell in self.cells)
