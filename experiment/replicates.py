"""Independent replicates of one config, each in its own directory, and their table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from configs import Config
from evolution.checkpoint import write_atomically
from evolution.copies import address_of
from evolution.run_directory import RunDirectory
from experiment.tables import csv_text
from wann.champion import Champion, load_champion
from wann.network import compile_genome

TABLE = "replicates.csv"
# What takes one run to its champion, or to None if it was asked to stop.
SearchOne = Callable[[RunDirectory], Champion | None]


def run_replicates(parent: RunDirectory, search: SearchOne) -> list[Champion] | None:
    """Evolve every replicate that is not finished yet; None if stopped on the way.

    Replicate i has the seed of the config plus i and lives in ``replicate-<i>`` below the run.
    """
    champions = []
    for index in range(parent.config.replicates):
        path = parent.path / f"replicate-{index:03d}"
        config = parent.config.model_copy(update={"replicates": 1, "seed": parent.config.seed + index})
        finished = _finished(path, config)
        if finished is None:
            with _open(path, config) as run:
                finished = search(run)
        if finished is None:
            return None
        champions.append(finished)
        write_atomically(parent.path / TABLE, csv_text(_rows(champions)).encode())
    return champions


def _open(path: Path, config: Config) -> RunDirectory:
    if (path / "config.yaml").is_file():
        return RunDirectory.open_existing(path, config=config)
    return RunDirectory.create(path, config)


def _finished(path: Path, config: Config) -> Champion | None:
    if not (path / "champion.json").is_file():
        return None
    champion = load_champion(path / "champion.json")
    return champion if champion.generation >= config.generations else None


def _rows(champions: list[Champion]) -> list[dict[str, float]]:
    rows = []
    for champion in champions:
        network = compile_genome(champion.genome)
        random, best = champion.returns["random_shared_weight"], champion.returns["best_shared_weight"]
        rows.append(
            {
                "seed": champion.seed,
                "generations": champion.generation,
                "random_mean": random["mean"],
                "random_std": random["std"],
                "best_weight": best["weight"],
                "best_mean": best["mean"],
                "best_std": best["std"],
                "hidden": network.num_hidden,
                "connections": network.num_connections,
            }
        )
    return rows


def print_replicates(console: Console, parent: RunDirectory, champions: list[Champion]) -> None:
    """The aggregate table: a line per replicate, and the mean over them."""
    table = Table(title="Replicates (returns on fresh episodes, mean ± sd)")
    for name in ("seed", "random shared weight", "best shared weight", "at", "hidden", "connections"):
        table.add_column(name, justify="right")
    rows = _rows(champions)
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
    console.print(f"  {address_of(parent.path / TABLE)}", highlight=False, markup=False, soft_wrap=True)
