"""Children one after another, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from experiment.plan import SearchPlan
from experiment.replicates.children import Child, OnFinished, open_child, tell_failure
from experiment.terminal.command_line import StopRequest
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.champion import Champion
from wann.errors import UserError
from workers.blame import TaskError

# Runs one search to its champion; returns None if asked to stop.
SearchOne = Callable[[RunDirectory, SearchPlan], Champion | None]


def run_one_by_one(
    parent: RunDirectory,
    children: Sequence[Child],
    search: SearchOne,
    on_finished: OnFinished,
    console: Console,
    stop: StopRequest,
) -> dict[str, Exception] | None:
    """Run the children. Returns the failures by name, or None if stopped.

    A failure of one child's task or files does not stop the others. A lack of workers does.
    """
    failures: dict[str, Exception] = {}
    for child in children:
        if stop.requested:
            return None
        try:
            with open_child(parent, child.path, child.config) as run:
                champion = search(run, child.plan)
        except (TaskError, RunError, UserError) as error:
            failures[child.name] = error
            tell_failure(console, child, str(error))
            continue
        if champion is None:
            return None
        on_finished(child, champion)
    return failures
