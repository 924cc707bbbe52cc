"""The results of replicates and of a sweep's combinations, as files and as printed tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table

from configs.sweep import combinations, names, swept_labels, value_text
from experiment.confirmed import ConfirmedReturns
from experiment.replicates.children import Child
from storage.csv_text import csv_text
from storage.run_directory import RunDirectory
from wann.champion import Champion
from wann.network import compile_genome

REPLICATES, SEARCHES, SWEEP = "replicates.csv", "searches.csv", "sweep.csv"
# Figures of a search that are averaged over replicates.
_AVERAGED = ("random_mean", "best_mean", "hidden", "connections")

Finished = Sequence[tuple[Child, Champion]]


def write_tables(parent: RunDirectory, finished: Finished) -> None:
    """Write ``replicates.csv``; for a sweep, ``searches.csv`` with a line per search and ``sweep.csv`` with a line per
    combination.
    """
    if parent.config.sweep is None:
        _write(parent, REPLICATES, [row_of(champion) for _, champion in finished])
        return
    labels = swept_labels(combinations(parent.config.sweep))
    searches = [
        {"search": child.name, **_swept_values(child, labels), **row_of(champion)} for child, champion in finished
    ]
    _write(parent, SEARCHES, searches)
    _write(parent, SWEEP, combination_rows(parent, finished))


def row_of(champion: Champion) -> dict[str, Any]:
    """The table row of one search."""
    network = compile_genome(champion.genome)
    returns = ConfirmedReturns.of(champion.returns)
    random, best = returns.random_shared, returns.best_shared
    return {
        "seed": champion.seed,
        "generations": champion.generation,
        "random_mean": _number(random["mean"]),
        "random_std": _number(random["std"]),
        "best_weight": best["weight"],
        "best_mean": _number(best["mean"]),
        "best_std": _number(best["std"]),
        "hidden": network.num_hidden,
        "connections": network.num_connections,
    }


def _number(figure: float | None) -> float:
    """A confirmed figure; NaN if every episode failed."""
    return math.nan if figure is None else figure


def combination_rows(parent: RunDirectory, finished: Finished) -> list[dict[str, Any]]:
    """A row for each combination with a finished search: means and sample deviations over its replicates."""
    found = combinations(parent.config.sweep)
    labels = swept_labels(found)
    rows = []
    for name in names(found):
        own = [(child, row_of(champion)) for child, champion in finished if child.name.split("/")[0] == name]
        if own:
            row: dict[str, Any] = {"combination": name, **_swept_values(own[0][0], labels), "replicates": len(own)}
            for key in _AVERAGED:
                values = [row[key] for _, row in own]
                row[key] = fmean(values)
                row[f"{key}_sd"] = stdev(values) if len(values) > 1 else None
            rows.append(row)
    return rows


def print_tables(console: Console, parent: RunDirectory, finished: Finished) -> None:
    """Print the table of all children, and the places of the files."""
    if parent.config.sweep is None:
        _print_replicates(console, [row_of(champion) for _, champion in finished])
        files = [REPLICATES]
    else:
        _print_sweep(console, parent, combination_rows(parent, finished))
        files = [SWEEP, SEARCHES]
    for name in files:
        console.print(f"  {parent.address_of(parent.path / name)}", highlight=False, markup=False, soft_wrap=True)


def _print_replicates(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line per replicate, and the mean over them."""
    table = Table(title="Replicates (returns on fresh episodes, mean ± sd)")
    for name in ("seed", "random shared weight", "best shared weight", "at", "hidden", "connections"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            str(row["seed"]),
            f"{row['random_mean']:.1f} ± {row['random_std']:.1f}",
            f"{row['best_mean']:.1f} ± {row['best_std']:.1f}",
            f"{row['best_weight']:g}",
            str(row["hidden"]),
            str(row["connections"]),
        )
    table.add_section()
    means = {key: sum(row[key] for row in rows) / len(rows) for key in rows[0]}
    table.add_row(
        "mean",
        f"{means['random_mean']:.1f}",
        f"{means['best_mean']:.1f}",
        "",
        f"{means['hidden']:.1f}",
        f"{means['connections']:.1f}",
    )
    console.print(table)


def _print_sweep(console: Console, parent: RunDirectory, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line per combination."""
    count = parent.config.replicates
    spread = f", mean ± sd over {count} replicates" if count > 1 else ""
    table = Table(title=f"Sweep (returns on fresh episodes at random shared weights and at the best{spread})")
    labels = swept_labels(combinations(parent.config.sweep)).values()
    for label in labels:
        table.add_column(label, justify="right", overflow="fold")
    for name in ("random", "best", "hidden", "connections"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        figures = [
            f"{row[key]:.1f}" + (f" ± {row[f'{key}_sd']:.1f}" if row[f"{key}_sd"] is not None else "")
            for key in _AVERAGED
        ]
        table.add_row(*(row[label] for label in labels), *figures)
    console.print(table)


def _swept_values(child: Child, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        label: value_text(child.combination[key]) if key in child.combination else "" for key, label in labels.items()
    }


def _write(parent: RunDirectory, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    parent.write(name, csv_text(rows).encode())
