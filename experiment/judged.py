"""The judgement in a champion's returns (`envs.sequences.judging.judge`) as a table, for terminals and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MEASURES = {"accuracy": "answers right", "exact": "sequences right"}


@dataclass(frozen=True)
class JudgedTable:
    """Percentages, a row for each measure and judging length."""

    caption: str
    headings: tuple[str, ...]  # of the columns; the first is that of the lengths
    blocks: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # (measure in words, its rows of cells)


def judged_table(returns: Mapping[str, Any]) -> JudgedTable | None:
    """The table of a champion's returns; None if they have no judgement of the known form."""
    judged = returns.get("judged")
    if not isinstance(judged, Mapping):
        return None
    try:
        low, high, beyond = (float(judged[key]) for key in ("low", "high", "beyond"))
        return JudgedTable(
            f"% of {int(judged['sequences'])} fresh sequences at each length, in float32; mean and min over "
            f"{int(judged['draws'])} draws of U({low:g}, {high:g}), min* over those with |w| >= {beyond:g}",
            (
                str(judged["counts"]),
                *(f"{float(weight):g}" for weight in judged["weights"]),
                *("mean", "min", "min*"),
            ),
            tuple(
                (words, tuple(_row(record, key) for record in judged["lengths"])) for key, words in _MEASURES.items()
            ),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _row(record: Mapping[str, Any], measure: str) -> tuple[str, ...]:
    found = record[measure]
    figures = (*found["per_weight"], *(found[key] for key in ("mean", "min", "min_beyond")))
    return (str(record["length"]), *(_percent(float(figure)) for figure in figures))


def _percent(figure: float) -> str:
    """100 only if nothing is wrong."""
    return "100" if figure == 100 else f"{min(figure, 99.9):.1f}"
