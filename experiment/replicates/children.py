"""Runs below a run: replicates and the combinations of a sweep, each in its own directory.

A child is an ordinary run, whose config follows from its parent's; its champion says that it is finished. So the whole
goes on where it stopped, whether children run one after another or side by side (`experiment.replicates.side_by_side`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from configs import Config
from configs.sweep import Combination, combinations, names
from experiment.opening import single_searches
from experiment.terminal.command_line import StopRequest
from storage.files import RunError
from storage.run_directory import CHAMPION, CONFIG, RunDirectory
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.population import Population
from workers.blame import TaskError

# What takes one run to its champion, or to None if it was asked to stop.
SearchOne = Callable[[RunDirectory], Champion | None]


@dataclass(frozen=True)
class Child:
    """One search of several."""

    name: str  # of its directory, below the parent's
    path: Path
    config: Config
    combination: Combination  # empty without a sweep

    def finished(self) -> Champion | None:
        """Its champion, if it has searched for as long as its config says."""
        path = self.path / CHAMPION
        if not path.is_file():
            return None
        champion = load_champion(path)
        return champion if champion.generation >= self.config.generations else None


# What is told of a child that is done.
OnFinished = Callable[[Child, Champion], None]


def children_of(parent: RunDirectory) -> list[Child]:
    """All of them, in order.

    Replicate i has the seed of the config plus i, in every combination, and lives in ``replicate-<i>`` below the run or
    the combination; with a single replicate a combination is itself the run.
    """
    config = parent.config
    found = combinations(config.sweep)
    children = []
    for single, combination, place in zip(single_searches(config), found or [{}], names(found) or [""], strict=True):
        workers = config.workers.model_copy(update={"parallel": 1})
        for index in range(config.replicates):
            replicate = f"replicate-{index:03d}" if config.replicates > 1 else ""
            own = {"replicates": 1, "seed": config.seed + index, "workers": workers}
            name = "/".join(part for part in (place, replicate) if part)
            children.append(Child(name, parent.path / name, single.model_copy(update=own), combination))
    return children


def open_child(
    parent: RunDirectory, path: Path, config: Config, initial: Callable[[], Population | None] = lambda: None
) -> RunDirectory:
    """The run at ``path`` below ``parent``, begun before or now; a new one starts from the genomes of ``initial``."""
    if (path / CONFIG).is_file():
        return RunDirectory.open_existing(path, config=config, mirror=parent.mirror)
    return RunDirectory.create(path, config, initial(), mirror=parent.mirror)


def run_one_by_one(
    parent: RunDirectory,
    children: list[Child],
    search: SearchOne,
    on_finished: OnFinished,
    console: Console,
    stop: StopRequest,
) -> dict[str, Exception] | None:
    """Run the children; what failed, by name, or None if stopped on the way.

    What the task or the files of one child fail at need not stop another; a lack of workers would.
    """
    failures: dict[str, Exception] = {}
    for child in children:
        if stop.requested:
            return None
        try:
            with open_child(parent, child.path, child.config) as run:
                champion = search(run)
        except (TaskError, RunError, UserError) as error:
            failures[child.name] = error
            tell_failure(console, child, str(error))
            continue
        if champion is None:
            return None
        on_finished(child, champion)
    return failures


def tell_failure(console: Console, child: Child, message: str) -> None:
    console.print(f"{child.name} failed: {message}", highlight=False, markup=False, soft_wrap=True)


def raise_failures(parent: RunDirectory, failures: dict[str, Exception], total: int) -> None:
    """End the run by what its children failed at, if anything."""
    if len(failures) == 1:
        raise next(iter(failures.values()))
    if failures:
        parts = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise RunError(None, f"{len(failures)} of {total} searches failed: {parts}", run=parent.path, is_begun=True)
