"""The weights that a champion is shown, filmed and exported with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wann.champion import Champion
from wann.errors import UserError

OFF = "0, which switches all connections off"


def best_weight(champion: Champion) -> float | None:
    """The default setting that a champion is used with.

    Returns:
        None for a champion with individual weights. Otherwise its best shared weight: the one that its returns were
        confirmed at, else the swept one of highest mean return, else the first one swept; 1 if nothing is known.
    """
    if champion.individual_weights is not None:
        return None
    weight = number_in(champion.returns, "best_shared_weight", "weight")
    if weight is not None:
        return weight
    swept = champion.returns.get("per_weight")
    records = [(number_at(r, "mean"), number_at(r, "weight")) for r in swept] if isinstance(swept, list) else []
    known = [(mean, weight) for mean, weight in records if mean is not None and weight is not None]
    return max(known)[1] if known else next(iter(champion.weights), 1.0)


def number_in(returns: Mapping[str, Any], record: str, key: str) -> float | None:
    """A number of one record of confirmed returns; None where the file has none."""
    return number_at(returns.get(record), key)


def number_at(record: Any, key: str) -> float | None:
    """A number of a mapping whose form was not checked; None if it is not a number."""
    value = record.get(key) if isinstance(record, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def check_finite(weight: float, key: str = "weight") -> None:
    """Raise `UserError` for a weight that is not finite."""
    if not np.isfinite(weight):
        raise UserError(key=key, expected="a finite number", found=f"{weight}")


def weight_text(weight: float, digits: int = 2) -> str:
    """A shared weight in words; 0 has a text of its own."""
    return OFF if weight == 0 else f"{weight:.{digits}f}"
