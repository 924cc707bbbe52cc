"""Runs below a run: the searches of a plan that has several, each in its own directory.

A child is an ordinary run, whose config follows from its parent's. So the whole goes on where it stopped, whether
children run one after another (`one_by_one`) or side by side (`side_by_side`).
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
    """One search of several, and where it runs."""

    plan: SearchPlan
    path: Path

    @property
    def name(self) -> str:
        """Of its directory, below the parent's."""
        return self.plan.name

    @property
    def config(self) -> Config:
        return self.plan.config

    @property
    def combination(self) -> Combination:
        """Of the sweep; empty without one."""
        return self.plan.combination or {}

    def finished(self) -> Champion | None:
        """Its champion, if its search has got to the end that its config asks for."""
        path = self.path / CHAMPION
        if not path.is_file():
            return None
        champion = load_champion(path)
        if self.plan.stages:  # whose ends cannot change
            return champion
        line = None
        with suppress(UserError):  # Damaged metrics are written anew when the child goes on.
            line = last_metrics(self.path)
        return champion if end_of(self.config, champion.generation, line) is not None else None


# Is told of a child that is done.
OnFinished = Callable[[Child, Champion], None]


def children_of(parent: RunDirectory, plan: Plan) -> list[Child]:
    """All of them, in order."""
    return [Child(search, parent.path / search.name) for search in plan.searches]


def open_child(
    parent: RunDirectory, path: Path, config: Config, initial: Callable[[], Population | None] = lambda: None
) -> RunDirectory:
    """The run at ``path`` below another, begun before or now; a new one starts from the genomes of ``initial``."""
    if (path / CONFIG).is_file():
        return RunDirectory.open_existing(path, config=config, mirror=parent.mirror)
    return RunDirectory.create(path, config, initial(), mirror=parent.mirror)


def tell_failure(console: Console, child: Child, message: str) -> None:
    """A line about a child that failed, while others go on."""
    console.print(f"{child.name} failed: {message}", highlight=False, markup=False, soft_wrap=True)


def raise_failures(parent: RunDirectory, failures: dict[str, Exception], total: int) -> None:
    """End the run by the failures of its children, if there are any."""
    if len(failures) == 1:
        raise next(iter(failures.values()))
    if failures:
        parts = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise RunError(None, f"{len(failures)} of {total} searches failed: {parts}", run=parent.path, is_begun=True)
