"""The files of a comparison: JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from baselines.comparison.cells import Cell, Curve, Table
from baselines.comparison.literal_texts import escape
from baselines.comparison.rows import HEADS, Row, remark_of, rows_of, tests_of, texts_of
from baselines.comparison.sequence_formats import lengths_table
from baselines.comparison.statistics import Summary

_HISTORY = ("run", "generation", "steps", "best", "mean", "kept")
# Between two lines of the learning curve in JSON there are this many generations at most.
CURVE_POINTS = 500


# --- JSON ---


def plain(tables: Sequence[Table], seed: int, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """All results as JSON values."""
    return {**dict(provenance), "complete": all(t.is_complete for t in tables), "tables": _tables(tables, seed)}


def _tables(tables: Sequence[Table], seed: int) -> list[dict[str, Any]]:
    found = []
    for index, table in enumerate(tables):
        rows = rows_of(table, seed, index)
        found.append(
            {
                "task": dict(table.options) | {"name": table.task},
                "rows": [_row(row) for row in rows],
                "tests": [
                    {
                        "first": _name(rows[test.first].cell),
                        "second": _name(rows[test.second].cell),
                        **asdict(test.difference),
                        "p_holm": test.p_holm,
                    }
                    for test in tests_of(rows)
                ],
                "curves": [_curve(curve) for curve in table.curves],
            }
        )
    return found


def _row(row: Row) -> dict[str, Any]:
    cell = row.cell
    published = None if row.published is None else {"mean": row.published[0], "std": row.published[1]}
    values = [value if np.isfinite(value) else None for value in cell.values.tolist()]
    return {
        "network": cell.network,
        "setting": cell.setting,
        "about": cell.about,
        "unit": cell.unit,
        "complete": cell.complete and len(cell.values) > 0,
        **asdict(row.summary),
        "published": published,
        "facts": dict(cell.facts),
        # There are ten thousand images, each right or wrong.
        "values": values if cell.unit != "images" else None,
    }


def _name(cell: Cell) -> list[str]:
    return [cell.network, cell.setting]


def _curve(curve: Curve) -> dict[str, Any]:
    history = thinned(curve)
    columns: dict[str, list[Any]] = {
        name: [value if np.isfinite(value) else None for value in history[:, column].tolist()]
        for column, name in enumerate(_HISTORY)
    }
    for name in ("run", "generation", "steps"):
        columns[name] = [int(value) for value in columns[name]]
    return {"network": curve.network, "wanted_steps": curve.wanted_steps, **columns}


def thinned(curve: Curve) -> np.ndarray:
    """[at most about `CURVE_POINTS`, 6]: every so many generations of the history, and the last."""
    step = max(1, len(curve.history) // CURVE_POINTS)
    return curve.history[::-1][::step][::-1]


# --- CSV ---


def csv_text(tables: Sequence[Table], seed: int) -> str:
    """A line for each row of each table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    statistics = list(Summary.__dataclass_fields__)
    writer.writerow(
        [
            "task",
            "network",
            "setting",
            "unit",
            *statistics,
            "published_mean",
            "published_std",
            "tuning_steps",
            "complete",
        ]
    )
    for index, table in enumerate(tables):
        for row in rows_of(table, seed, index):
            cell, said = row.cell, asdict(row.summary)
            complete = cell.complete and len(cell.values) > 0
            writer.writerow(
                [table.task, cell.network, cell.setting, cell.unit]
                + [said[name] for name in statistics]
                + [*(row.published or (None, None)), cell.facts.get("tuning_steps"), complete]
            )
    return text.getvalue()


def curves_csv(tables: Sequence[Table]) -> str:
    """A line for each generation of each tuning."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["task", "network", *_HISTORY])
    for table in tables:
        for curve in table.curves:
            for run, generation, steps, *returns in curve.history.tolist():
                said = [value if np.isfinite(value) else "" for value in returns]
                writer.writerow([table.task, curve.network, int(run), int(generation), int(steps), *said])
    return text.getvalue()


# --- Markdown ---


def markdown(tables: Sequence[Table], seed: int, provenance: Mapping[str, Any]) -> str:
    """The results as Markdown for people. Names are escaped, so that they are shown literally."""
    parts = ["# Comparison\n"]
    for index, table in enumerate(tables):
        rows = rows_of(table, seed, index)
        parts.append(f"## {escape(table.task)}\n")
        parts.append(_long_table(rows))
        remarks = [remark for row in rows if (remark := remark_of(row))]
        parts.append("".join(f"- {escape(remark)}\n" for remark in remarks))
        parts.append(lengths_table(table))
        parts.append(_tests(rows))
    parts.append(f"Made by `{_code(str(provenance['command']))}`.\n")
    return "\n".join(part for part in parts if part)


def _long_table(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * 2 + "---:|" * 6]
    lines += ["| " + " | ".join(escape(text) for text in texts_of(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _tests(rows: Sequence[Row]) -> str:
    found = tests_of(rows)
    if not found:
        return ""
    lines = [
        "Mann-Whitney tests, Holm-corrected; the last column is the chance that the first is better in a pair:\n",
        "| first | second | U | p | p, corrected | rank-biserial | chance |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for test in found:
        names = [f"{rows[row].cell.network}, {rows[row].cell.about}" for row in (test.first, test.second)]
        seen = test.difference
        figures = (f"{seen.u:.1f}", f"{seen.p:.2g}", f"{test.p_holm:.2g}", f"{seen.rank_biserial:+.2f}")
        lines.append("| " + " | ".join(map(escape, (*names, *figures, f"{seen.superiority:.2f}"))) + " |")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Within backticks nothing can be escaped."""
    return "".join(char if char.isprintable() and char != "`" else " " for char in text)
