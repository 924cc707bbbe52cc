"""The rows of a comparison's tables: cells, their statistics, and their texts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from baselines.comparison.cells import Cell, Table
from baselines.comparison.published_figures import MNIST_ACCURACY, RETURNS
from baselines.comparison.statistics import Difference, Summary, compare, holm, summarize
from wann.randomness import Purpose, keyed_rng

HEADS = ("network", "weights", "mean ± sd", "95 % interval", "median", "quartiles", "n", "published")


@dataclass(frozen=True)
class Row:
    """A cell with its statistics."""

    cell: Cell
    summary: Summary
    published: tuple[float, float | None] | None  # mean, standard deviation


@dataclass(frozen=True)
class Test:
    """The comparison of two rows."""

    first: int  # rows
    second: int
    difference: Difference
    p_holm: float


def rows_of(table: Table, seed: int, index: int = 0) -> list[Row]:
    """Statistics of every cell; resamples are drawn by (seed, ``index`` of the table, row)."""
    rows = []
    for number, cell in enumerate(table.cells):
        summary = summarize(cell.values, keyed_rng(seed, Purpose.COMPARISON, index, number, 0))
        rows.append(Row(cell, summary, _published(table, cell)))
    return rows


def tests_of(rows: Sequence[Row]) -> list[Test]:
    """All pairs of rows with the same unit, with p-values corrected together."""
    measured = [number for number, row in enumerate(rows) if len(row.cell.values)]
    pairs = [
        (one, two) for one, two in itertools.combinations(measured, 2) if rows[one].cell.unit == rows[two].cell.unit
    ]
    found = [compare(rows[one].cell.values, rows[two].cell.values) for one, two in pairs]
    adjusted = holm([difference.p for difference in found])
    return [Test(*pair, difference, p) for pair, difference, p in zip(pairs, found, adjusted, strict=True)]


def _published(table: Table, cell: Cell) -> tuple[float, float | None] | None:
    if table.options.get("dataset") == "mnist":
        return MNIST_ACCURACY.get(cell.setting)
    if table.options.get("velocities") is False:  # nobody has published such networks
        return None
    return RETURNS.get(table.task, {}).get((table.kinds.get(cell.network, ""), cell.setting))


def texts_of(row: Row) -> tuple[str, ...]:
    """Network, setting, mean and spread, interval, median, quartiles, n, published: for a table."""
    cell, said = row.cell, row.summary
    published = "" if row.published is None else _pair(*row.published)
    about = cell.about if cell.complete or not len(cell.values) else f"{cell.about} (partial)"
    if said.mean is None:
        status = "not yet" if not len(cell.values) else "no finite return"
        return (cell.network, about, status, "", "", "", str(said.n), published)
    return (
        cell.network,
        about,
        _pair(said.mean, said.std if cell.unit != "images" else None),
        f"{said.low:.1f} to {said.high:.1f}",
        f"{said.median:.1f}" if cell.unit != "images" else "",
        f"{said.lower_quartile:.1f} to {said.upper_quartile:.1f}" if cell.unit != "images" else "",
        f"{said.n:,}",
        published,
    )


def _pair(mean: float, std: float | None) -> str:
    return f"{mean:.1f}" if std is None else f"{mean:.1f} ± {std:.1f}"


def remark_of(row: Row) -> str:
    """Remarks on a row that have no column of their own; empty if there are none."""
    cell, facts = row.cell, row.cell.facts
    remarks = []
    if cell.setting == "best_shared" and "weight" in facts:
        off = ", which switches all connections off" if facts["weight"] == 0 else ""
        remarks.append(f"weight {facts['weight']:g}{off}")
    if "wanted_steps" in facts:
        done = f"{facts['tuning_steps']:,} simulated steps of tuning"
        remarks.append(done if cell.complete else f"partial: {done}, of {facts['wanted_steps']:,}")
    if "parameters" in facts:
        remarks.append(f"{facts['parameters']:,} trained parameters")
    if "updates" in facts:
        partial = "" if cell.complete else "partial: "
        remarks.append(f"{partial}{facts['updates']:,} updates in {facts['cpu_seconds']:.0f} CPU s")
    if facts.get("starts_best"):
        remarks.append("training found nothing better than the start, which is kept")
    if row.summary.failed:
        remarks.append(f"{row.summary.failed} without a finite return, left out of the mean, ranked last")
    return f"{cell.network}, {cell.about}: {'; '.join(remarks)}" if remarks else ""
