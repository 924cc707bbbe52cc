"""Runs below a run: the searches of a plan that has several, each in its own directory.

A child is an ordinary run whose config is derived from its parent's. So the whole can be resumed where it stopped,
whether children run one after another (`one_by_one`) or side by side (`side_by_side`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from configs import Config
from configs.sweep import Combination
from experiment.plan import Plan, SearchPlan
from experiment.stopping import end_of
from storage.files import RunError
from storage.metrics import last_metrics
from storage.run_directory import CHAMPION, CONFIG, RunDirectory
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.population import Population


@dataclass(frozen=True)
class Child:
    """One search of several, with its parent run."""

    plan: SearchPlan
    path: Path

    @property
    def name(self) -> str:
        """The name of its directory below the parent's."""
        return self.plan.name

    @property
    def config(self) -> Config:
        return self.plan.config

    @property
    def combination(self) -> Combination:
        """Its combination of the sweep; empty without a sweep."""
        return self.plan.combination or {}

    def finished(self) -> Champion | None:
        """Its champion if its search has reached the end given by its config, else None."""
        path = self.path / CHAMPION
        if not path.is_file():
            return None
        champion = load_champion(path)
        if self.plan.stages:  # the ends of stages cannot change
            return champion
        line = None
        with suppress(UserError):  # Damaged metrics are rewritten when the child is resumed.
            line = last_metrics(self.path)
        return champion if end_of(self.config, champion.generation, line) is not None else None


# Called with a finished child and its champion.
OnFinished = Callable[[Child, Champion], None]


def children_of(parent: RunDirectory, plan: Plan) -> list[Child]:
    """All children of a run, in order."""
    return [Child(search, parent.path / search.name) for search in plan.searches]


def open_child(
    parent: RunDirectory, path: Path, config: Config, initial: Callable[[], Population | None] = lambda: None
) -> RunDirectory:
    """Open or create the run at ``path`` below another. A new one starts from the genomes of ``initial``."""
    if (path / CONFIG).is_file():
        return RunDirectory.open_existing(path, config=config, mirror=parent.mirror)
    return RunDirectory.create(path, config, initial(), mirror=parent.mirror)


def tell_failure(console: Console, child: Child, message: str) -> None:
    """Print a line about a child that failed, while others continue."""
    console.print(f"{child.name} failed: {message}", highlight=False, markup=False, soft_wrap=True)


def raise_failures(parent: RunDirectory, failures: dict[str, Exception], total: int) -> None:
    """Raise one error for the failures of children, if there are any."""
    if len(failures) == 1:
        raise next(iter(failures.values()))
    if failures:
        parts = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise RunError(None, f"{len(failures)} of {total} searches failed: {parts}", run=parent.path, is_begun=True)
