"""From an order to tables: who is measured in what order, and where the files go."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.comparison import figure
from baselines.comparison import rendering as tables
from baselines.comparison.bench import Progress
from baselines.comparison.control import ControlTable
from baselines.comparison.measurements import Table
from baselines.comparison.order import ComparisonOrder
from baselines.comparison.player import SeedLedger
from baselines.comparison.store import Store, saying_how_to_go_on, write_text
from envs.images.classification import Classification
from envs.task import Task, is_safe_at_home
from wann.versions import COMPARISON, versions_of
from workers.evaluator import Evaluator
from workers.registry import EvaluatorOptions, make_evaluator


@dataclass(frozen=True)
class Comparison:
    """What was found, as far as it went."""

    tables: list[Table]
    provenance: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        return all(table.is_complete for table in self.tables)


def run(order: ComparisonOrder, stopped: Callable[[], bool], progress: Progress) -> Comparison:
    """Measure what is ordered, writing the tables after each cell.

    Args:
        order: as `baselines.comparison.order.make_ready` returns it.
        stopped: whether to leave the rest for later.
        progress: told of all that takes long.

    Raises:
        UserError: a saved state that does not fit, or a dataset that cannot be had.
        RunError: a disk that is full; what was finished is kept.
    """
    from baselines.comparison.classification import measure_classifiers

    directory = Path(order.asked.out)
    ledger = SeedLedger()
    comparison = Comparison([], _provenance(order))

    def write() -> None:
        comparison.provenance["seeds"] = ledger.plain()
        _write_texts(directory, comparison, order.asked.seed)

    with closing(Store(directory, order.plain(), order.asked.resume, ledger)) as store:
        for group in order.groups:
            task = group[0].task
            if isinstance(task, Classification):
                measure_classifiers(group, order.asked, store, stopped, progress, comparison.tables.append, write)
                continue
            with _evaluator(task, order.asked.workers) as evaluator:
                ControlTable(group, order, evaluator, store, ledger, stopped, progress, write).measure(
                    comparison.tables
                )
    write()
    with saying_how_to_go_on(directory, directory / "comparison.png"):
        figure.draw(comparison.tables, order.asked.seed, directory)
    return comparison


def _evaluator(task: Task, workers: int | None) -> Evaluator:
    inline = workers == 0 or (workers is None and is_safe_at_home(task))
    return make_evaluator(task, EvaluatorOptions("inline" if inline else "ray", None if inline else workers, "cpu"))


def _provenance(order: ComparisonOrder) -> dict[str, Any]:
    from shlex import quote

    asked = order.asked
    words = [*map(quote, asked.paths), "--out", quote(asked.out), "--episodes", str(asked.episodes)]
    words += [] if asked.steps is None else ["--steps", str(asked.steps)]
    words += [] if asked.baselines is None else ["--baselines", ",".join(asked.baselines)]
    words += ["--seed", str(asked.seed)]
    return {
        "format_version": 1,
        "command": "compare_baselines.py " + " ".join(words),
        "seed": asked.seed,
        "episodes": asked.episodes,
        "champions": [
            {
                "label": entrant.label,
                "path": str(entrant.path),
                "sha256": entrant.digest,
                "task": entrant.champion.task,
                "connections": entrant.champion.genome.num_enabled,
                "simulator": entrant.task.simulated_by,
            }
            for group in order.groups
            for entrant in group
        ],
        "versions": versions_of(COMPARISON),
    }


def _write_texts(directory: Path, comparison: Comparison, seed: int) -> None:
    found = comparison.tables
    plain = tables.plain(found, seed, comparison.provenance)
    write_text(directory, "comparison.json", json.dumps(plain, indent=1) + "\n")
    write_text(directory, "comparison.csv", tables.csv_text(found, seed))
    write_text(directory, "comparison.md", tables.markdown(found, seed, comparison.provenance))
    write_text(directory, "curves.csv", tables.curves_csv(found))
