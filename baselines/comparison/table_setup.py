"""What the tables of control and sequence tasks are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from baselines.comparison.comparison_options import ComparisonOptions
from baselines.comparison.contestants import Bench, Contestant, Progress, Report
from baselines.comparison.entrants import Entrant
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.store import Store
from baselines.comparison.tuning_plans import selection_episodes_of
from envs.task import Task
from workers.evaluator import Evaluator


@dataclass(frozen=True)
class TableSetup:
    """The surroundings of the table of one task: the champions in it, and what measures, keeps and shows its cells."""

    group: Sequence[Entrant]
    options: ComparisonOptions
    evaluator: Evaluator
    store: Store
    ledger: SeedLedger
    stopped: Callable[[], bool]
    progress: Progress
    write: Callable[[], None]

    @property
    def task(self) -> Task:
        return self.group[0].task

    def bench(self, contestant: Contestant, index: int, report: Report | None = None) -> Bench:
        """See `Bench`."""
        options, choosing = self.options, selection_episodes_of(self.task)
        surroundings = self.evaluator, self.store, self.ledger, self.stopped
        return Bench(contestant, index, *surroundings, options.episodes, choosing, options.seed, report)
