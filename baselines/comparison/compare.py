"""A comparison from its options to tables and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.comparison import figure, formats, sequence_figure, sequence_formats
from baselines.comparison.cells import Table
from baselines.comparison.comparison_options import ReadyComparison
from baselines.comparison.contestants import Progress
from baselines.comparison.control_tasks import ControlTable
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.sequence_tasks import SequenceTable, choosing_task
from baselines.comparison.store import Store, resumable, write_text
from baselines.comparison.table_setup import TableSetup
from envs.images.classification import Classification
from envs.sequences.task import SequenceTask
from envs.task import Task, is_safe_at_home
from wann.versions import COMPARISON, versions_of
from workers.evaluator import Evaluator
from workers.registry import EvaluatorOptions, make_evaluator


@dataclass(frozen=True)
class Comparison:
    """The results so far."""

    tables: list[Table]
    provenance: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        return all(table.is_complete for table in self.tables)


def compare(ready: ReadyComparison, stopped: Callable[[], bool], progress: Progress) -> Comparison:
    """Measure everything, writing the tables after each cell.

    Args:
        ready: as `baselines.comparison.comparison_options.make_ready` returns it.
        stopped: whether to leave the rest for later.
        progress: told of all that takes long.

    Raises:
        UserError: a saved state that does not fit, or a dataset that cannot be had.
        RunError: a disk that is full; what was finished is kept.
    """
    from baselines.comparison.classifiers import measure_classifiers

    directory = Path(ready.options.out)
    ledger = SeedLedger()
    comparison = Comparison([], _provenance(ready))

    def write() -> None:
        comparison.provenance["seeds"] = ledger.plain()
        _write_texts(directory, comparison, ready.options.seed)

    with closing(Store(directory, ready.plain(), ready.options.resume, ledger)) as store:
        for group in ready.groups:
            task = group[0].task
            if isinstance(task, Classification):
                measure_classifiers(group, ready.options, store, stopped, progress, comparison.tables.append, write)
                continue
            kind: type[ControlTable | SequenceTable] = ControlTable
            if isinstance(task, SequenceTask):
                kind, task = SequenceTable, choosing_task(task)
            with _evaluator(task, ready.options.workers) as evaluator:
                setup = TableSetup(group, ready.options, evaluator, store, ledger, stopped, progress, write)
                kind(setup).measure(comparison.tables)
    write()
    with resumable(directory, directory / "comparison.png"):
        figure.draw(comparison.tables, ready.options.seed, directory)
        sequence_figure.draw(comparison.tables, directory)
    return comparison


def _evaluator(task: Task, workers: int | None) -> Evaluator:
    inline = workers == 0 or (workers is None and is_safe_at_home(task))
    return make_evaluator(task, EvaluatorOptions("inline" if inline else "ray", None if inline else workers, "cpu"))


def _provenance(ready: ReadyComparison) -> dict[str, Any]:
    from shlex import quote

    options = ready.options
    words = [*map(quote, options.paths), "--out", quote(options.out), "--episodes", str(options.episodes)]
    words += [] if options.steps is None else ["--steps", str(options.steps)]
    words += [] if options.baselines is None else ["--baselines", ",".join(options.baselines)]
    words += [] if options.updates is None else ["--updates", str(options.updates)]
    words += [] if options.parameters is None else ["--parameters", str(options.parameters)]
    words += [word for text in options.settings for word in ("--set", quote(text))]
    words += ["--seed", str(options.seed)]
    return {
        "format_version": 1,
        "command": "compare_baselines.py " + " ".join(words),
        "seed": options.seed,
        "episodes": options.episodes,
        "champions": [
            {
                "label": entrant.label,
                "path": str(entrant.path),
                "sha256": entrant.digest,
                "task": entrant.champion.task,
                "connections": entrant.champion.genome.num_enabled,
                "simulator": entrant.task.simulated_by,
            }
            for group in ready.groups
            for entrant in group
        ],
        "versions": versions_of(COMPARISON),
    }


def _write_texts(directory: Path, comparison: Comparison, seed: int) -> None:
    found = comparison.tables
    plain = formats.plain(found, seed, comparison.provenance)
    write_text(directory, "comparison.json", json.dumps(plain, indent=1) + "\n")
    write_text(directory, "comparison.csv", formats.csv_text(found, seed))
    write_text(directory, "comparison.md", formats.markdown(found, seed, comparison.provenance))
    write_text(directory, "curves.csv", formats.curves_csv(found))
    if any(map(sequence_formats.is_of_sequences, found)):
        write_text(directory, "lengths.csv", sequence_formats.lengths_csv(found))
        write_text(directory, "learning.csv", sequence_formats.learning_csv(found))
