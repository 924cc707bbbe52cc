"""Texts of a comparison on sequences: answers by length, and learning curves, as Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from baselines.comparison.cells import Cell, Table
from baselines.comparison.literal_texts import escape
from baselines.comparison.published_figures import retrieval_accuracy

_LEARNING = ("update", "episodes", "cpu_seconds", "accuracy", "cross_entropy")
_LENGTHS = ("length", "accuracy", "exact", "wrong")


def by_length(table: Table) -> list[tuple[Cell, dict[int, dict[str, Any]]]]:
    """The measured cells that have facts by length, with those facts."""
    cells = [cell for cell in table.cells if len(cell.values) and "lengths" in cell.facts]
    return [(cell, {facts["length"]: facts for facts in cell.facts["lengths"]}) for cell in cells]


def is_of_sequences(table: Table) -> bool:
    return bool(by_length(table)) or any("learning" in cell.facts for cell in table.cells)


def lengths_table(table: Table) -> str:
    """Markdown: right answers at each length, trained and carried numbers, and the costs of training; or nothing."""
    rows = by_length(table)
    if not rows:
        return ""
    lengths = list(rows[0][1])
    published = any(retrieval_accuracy(table.options, cell) for cell, _ in rows)
    heads = ["network", "weights", *map(str, lengths), *(["published"] if published else []), *_COSTS]
    lines = [
        "Right answers (percent) to sequences of each length, and in brackets sequences without an error:\n",
        "| " + " | ".join(heads) + " |",
        "|---|---|" + "---:|" * (len(heads) - 2),
    ]
    for cell, facts in rows:
        found = [f"{facts[length]['accuracy']:.1f} ({facts[length]['exact']:.1f})" for length in lengths]
        theirs = retrieval_accuracy(table.options, cell)
        found += [f"{theirs:.2f}" if theirs else ""] if published else []
        lines.append("| " + " | ".join(map(escape, (cell.network, cell.about, *found, *_costs(cell)))) + " |")
    return "\n".join(lines) + "\n"


_COSTS = ("parameters", "numbers carried", "updates", "CPU s")


def _costs(cell: Cell) -> list[str]:
    formats = {"parameters": ",", "memory_numbers": ",", "updates": ",", "cpu_seconds": ".0f"}
    return [format(cell.facts[key], form) if key in cell.facts else "" for key, form in formats.items()]


def lengths_csv(tables: Sequence[Table]) -> str:
    """A line for each length of each row."""
    rows = [
        [table.task, cell.network, cell.setting, *(facts[key] for key in _LENGTHS)]
        for table in tables
        for cell, found in by_length(table)
        for facts in found.values()
    ]
    return _csv(["task", "network", "setting", *_LENGTHS], rows)


def learning_csv(tables: Sequence[Table]) -> str:
    """A line for each validation of each training."""
    rows = [
        [table.task, cell.network, cell.setting, *(point[key] for key in _LEARNING)]
        for table in tables
        for cell in table.cells
        for point in cell.facts.get("learning", ())
    ]
    return _csv(["task", "network", "setting", *_LEARNING], rows)


def _csv(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heads, *rows])
    return text.getvalue()
