"""What a run says at its beginning and at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evolution.checkpoint import RunError
from evolution.run_directory import RunDirectory
from wann.champion import Champion
from wann.jit import is_first_use
from wann.network import compile_genome
from workers.evaluator import Evaluator, TaskError, WorkerError


def announce(console: Console, run: RunDirectory, evaluator: Evaluator) -> None:
    """One line each for what runs, where, and what is kept."""
    config = run.config
    console.print(
        f"Search: {config.search.strategy}, population {config.search.population}, "
        f"{config.generations} generations, seed {config.seed}",
        highlight=False,
    )
    console.print(f"Workers: {evaluator.description}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"Run directory: {run.path}", highlight=False, markup=False, soft_wrap=True)
    if is_first_use():
        console.print("Compiling kernels, once on this machine: about half a minute", highlight=False)


@contextmanager
def resumable(run: RunDirectory) -> Iterator[None]:
    """Say, with a failure of the task or the workers, that the run is saved and how to go on."""
    try:
        yield
    except (TaskError, WorkerError) as error:
        saved = "no generation was finished" if run.is_fresh else "the run is saved up to the generation before"
        raise RunError(f"{error}; {saved}, go on with: {resume_command(run)}") from error


def resume_command(run: RunDirectory) -> str:
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{python} run_search.py --resume {run.path}"


def print_interrupted(console: Console, run: RunDirectory) -> None:
    console.print(
        f"Stopped and saved; go on with: {resume_command(run)}", highlight=False, markup=False, soft_wrap=True
    )


def print_champion(console: Console, run: RunDirectory, champion: Champion) -> None:
    """The champion's confirmed returns per weight, and where the files are."""
    returns, network = champion.returns, compile_genome(champion.genome)
    table = Table(
        title=f"Champion: {network.num_hidden} hidden nodes, {network.num_connections} connections",
        caption=f"returns of {returns['episodes']} fresh episodes each, in float64",
    )
    for name in ("shared weight", "mean", "sd", "median", "min"):
        table.add_column(name, justify="right")
    random, best = returns["random_shared_weight"], returns["best_shared_weight"]
    for record in returns["per_weight"] if len(returns["per_weight"]) <= 12 else []:
        table.add_row(f"{record['weight']:g}", *_figures(record))
    table.add_section()
    table.add_row(f"random in U({random['low']:g}, {random['high']:g})", *_figures(random))
    table.add_row(f"best, {best['weight']:g}", *_figures(best))
    console.print(table)
    console.print("Files:", highlight=False)
    for name in ("champion.json", "metrics.jsonl", "config.yaml", "checkpoint"):
        console.print(f"  {run.path / name}", highlight=False, markup=False, soft_wrap=True)


def _figures(record: dict[str, float]) -> list[str]:
    return [f"{record[key]:.1f}" for key in ("mean", "std", "median", "min")]
