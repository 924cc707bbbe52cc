"""What a run says at its beginning and at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evolution.registry import strategy_of
from storage.checkpoint import CHECKPOINT
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.champion import Champion
from wann.errors import UserError
from wann.network import compile_genome
from workers.blame import TaskError
from workers.evaluator import WorkerError

_MOST_WEIGHTS = 12  # that a table shows


def announce(console: Console, run: RunDirectory) -> None:
    """One line each for what runs and where it is kept; `experiment.evaluators` tells what runs it."""
    config = run.config
    if config.stages:
        what = f"{len(config.stages)} stages ({', '.join(stage.name for stage in config.stages)})"
    else:
        search = config.search
        size = f"population {search.population}, " if strategy_of(search.strategy).has_population else ""
        what = f"{search.strategy}, {size}{config.generations} generations"
    console.print(f"Search: {what}, seed {config.seed}", highlight=False, soft_wrap=True)
    console.print(f"Run directory: {run.address}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def resumable(run: RunDirectory) -> Iterator[None]:
    """Say, with a failure of the task, the workers or the disk, how far the run is saved and how to go on."""
    try:
        yield
    except (TaskError, WorkerError) as error:
        saved = "the run is saved up to the generation before" if _is_begun(run) else "no generation was finished"
        run.put()
        raise RunError(None, str(error), remedy=f"{saved}, go on with: {resume_command(run)}") from error
    except RunError as error:
        raise _of_the_whole(run, error) from error
    except UserError as error:
        raise error.at(place=run.address_of(error.place)) from error


def _of_the_whole(run: RunDirectory, error: RunError) -> RunError:
    """What happens in a replicate or stage happens to the whole run, which is what goes on."""
    if error.run is None:
        return error
    is_begun = error.is_begun or _is_begun(run)
    go_on = f"resume with: run_search.py --resume {run.address}" if is_begun else "start again"
    remedy = f"{error.remedy} and {go_on}" if error.remedy else go_on
    return error.at(run=run.path, is_begun=is_begun, remedy=remedy)


def _is_begun(run: RunDirectory) -> bool:
    """Whether it, or a replicate or stage of it, has a checkpoint."""
    return any(run.path.rglob(CHECKPOINT))


def mistake_sentence(error: UserError) -> str:
    """The sentence of a mistake, with the command that goes on where a run can."""
    return str(error) if error.resume is None else f"{error}; go on with: run_search.py --resume {error.resume}"


def resume_command(run: RunDirectory) -> str:
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{python} run_search.py --resume {run.address}"


def print_interrupted(console: Console, run: RunDirectory) -> None:
    """How to go on, once all is where the run is kept.

    Raises:
        RunError: it cannot be put there.
    """
    run.put()
    console.print(
        f"Stopped and saved; go on with: {resume_command(run)}", highlight=False, markup=False, soft_wrap=True
    )


def print_champion(console: Console, run: RunDirectory, champion: Champion) -> None:
    """The champion's confirmed returns per weight, and where the files are."""
    returns, network = champion.returns, compile_genome(champion.genome)
    table = Table(
        title=f"Champion: {network.num_hidden} hidden nodes, {network.num_connections} connections",
        caption="accuracy (%) on the test images, in float64"
        if "vote" in returns
        else f"returns of {returns['episodes']} fresh episodes each, in float64",
    )
    individual, random = returns["random_individual_weights"], returns["random_shared_weight"]
    best = returns["best_shared_weight"]
    records = [*_shown(returns), individual, random, best]
    shares = [name for name in ("falls", "failed") if any(name in record for record in records)]
    for name in ("shared weight", "mean", "sd", "median", "min", *shares):
        table.add_column(name, justify="right")
    for record in _shown(returns):
        table.add_row(f"{record['weight']:g}", *_figures(record, shares))
    table.add_section()
    table.add_row("random, each its own", *_figures(individual, shares))
    table.add_row(f"random in U({random['low']:g}, {random['high']:g})", *_figures(random, shares))
    table.add_row(f"best, {best['weight']:g}", *_figures(best, shares))
    if "vote" in returns:
        table.add_section()
        table.add_row("vote of all weights", f"{returns['vote']:.1f}")
        table.add_row("their mean softmax", f"{returns['mean_softmax']:.1f}")
    console.print(table)
    if "per_class" in returns:
        console.print(_per_class(returns))
    console.print("Files:", highlight=False)
    below = ("stages.csv", "stages") if run.config.stages else ("metrics.jsonl", "checkpoint")
    for name in ("champion.json", "config.yaml", *below):
        console.print(f"  {run.address_of(run.path / name)}", highlight=False, markup=False, soft_wrap=True)


def _per_class(returns: Mapping[str, Any]) -> Table:
    """Accuracy of every class at every weight, and of all weights together."""
    table = Table(caption="accuracy (%) on the test images of each class")
    table.add_column("class")
    shown = _shown(returns)
    for heading in (*(f"{record['weight']:g}" for record in shown), "mean softmax"):
        table.add_column(heading, justify="right")
    for name, record in returns["per_class"].items():
        accuracies = (*record["by_weight"][: len(shown)], record["mean_softmax"])
        table.add_row(name, *(f"{accuracy:.1f}" for accuracy in accuracies))
    return table


def _shown(returns: Mapping[str, Any]) -> list[dict[str, float]]:
    """The swept weights, unless they are too many for a table."""
    return returns["per_weight"] if len(returns["per_weight"]) <= _MOST_WEIGHTS else []


def _figures(record: Mapping[str, Any], shares: Sequence[str]) -> list[str]:
    """Of a row: statistics of its returns, or a dash where no episode had one, and shares of its episodes."""
    numbers = [record[key] for key in ("mean", "std", "median", "min")]
    shown = ["-" if number is None else f"{number:.1f}" for number in numbers]
    return [*shown, *(f"{record.get(name, 0):.0%}" for name in shares)]
