"""Tuned networks as champion files with individual weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.cells import Cell
from wann.champion import Champion, format_champion
from wann.versions import COMPARISON, versions_of


def tuned_champion(model: Champion, weights: NDArray[np.float64], cell: Cell, seed: int) -> str:
    """The text of a champion file.

    Args:
        model: whose genome has the weights.
        weights: [E], one for each enabled connection.
        cell: what they came to.
        seed: of the comparison.
    """
    champion = replace(
        model,
        individual_weights=tuple(weights.tolist()),
        returns=_returns(cell),
        config={},
        seed=seed,
        generation=0,
        versions=versions_of(COMPARISON),
    )
    return format_champion(champion)


def _returns(cell: Cell) -> dict[str, Any]:
    finite = cell.values[np.isfinite(cell.values)]
    said: dict[str, Any] = {"episodes": len(cell.values), "precision": "float64"}
    if len(finite) == len(cell.values) > 0:
        said["individual_weights"] = {"mean": float(finite.mean()), "std": float(finite.std())}
    return {**said, **{key: value for key, value in cell.facts.items() if value is not None}}
