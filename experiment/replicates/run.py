"""A run of several searches: its children, their tables and their figure."""

from __future__ import annotations

from rich.console import Console

from experiment.plan import Plan
from experiment.replicates.children import Child, children_of, raise_failures
from experiment.replicates.figure import draw_sweep
from experiment.replicates.one_by_one import SearchOne, run_one_by_one
from experiment.replicates.side_by_side import run_side_by_side
from experiment.replicates.tables import Finished, print_tables, write_tables
from experiment.terminal.command_line import StopRequest
from storage.run_directory import RunDirectory
from wann.champion import Champion


def run_several(
    parent: RunDirectory, plan: Plan, search: SearchOne, console: Console, stop: StopRequest
) -> Finished | None:
    """Run all unfinished children. Returns None if stopped.

    Args:
        parent: the run.
        plan: of its config.
        search: runs one child in this process, unless children run side by side.

    Raises:
        RunError: a child failed; the others are finished.
    """
    children = children_of(parent, plan)
    found = {child.name: champion for child in children if (champion := child.finished()) is not None}

    def finished() -> Finished:
        return [(child, found[child.name]) for child in children if child.name in found]

    def keep(child: Child, champion: Champion) -> None:
        found[child.name] = champion
        write_tables(parent, finished())

    open_ones = [child for child in children if child.name not in found]
    if parent.config.workers.parallel > 1 and open_ones:
        failures = run_side_by_side(parent, open_ones, keep, console, stop)
    else:
        failures = run_one_by_one(parent, open_ones, search, keep, console, stop)
    if failures is None:
        return None
    if found:
        write_tables(parent, finished())
    raise_failures(parent, failures, len(children))
    return finished()


def print_several(console: Console, parent: RunDirectory, finished: Finished) -> None:
    """Print the tables of finished children, and draw the figure of a sweep."""
    print_tables(console, parent, finished)
    if parent.config.sweep is not None:
        draw_sweep(console, parent, finished)
