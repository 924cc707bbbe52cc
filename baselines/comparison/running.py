"""From an order to tables: who is measured in what order, and where the files go."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison import figure, tables
from baselines.comparison.cells import Cell, Curve, Table
from baselines.comparison.control import Bench, Contestant, Progress
from baselines.comparison.ordering import (
    OTHER_SELECTION_EPISODES,
    SELECTION_EPISODES,
    ComparisonOrder,
    Entrant,
    fixed_shape,
    options_of,
    plan_of,
)
from baselines.comparison.playing import SeedLedger, Stopped
from baselines.comparison.storing import Store
from baselines.fixed_topology import fully_connected
from envs.classification import Classification
from envs.task import Task
from evolution.checkpoint import write_atomically
from wann.champion import format_champion
from workers.evaluator import Evaluator
from workers.registry import make_evaluator

_LIBRARIES = ("numpy", "numba", "scipy", "cmaes", "gymnasium")


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
        order: as `baselines.comparison.ordering.make_ready` returns it.
        stopped: whether to leave the rest for later.
        progress: told of all that takes long.

    Raises:
        UserError: a saved state that does not fit, or a dataset that cannot be had.
        RunError: a disk that is full; what was finished is kept.
    """
    from baselines.comparison.supervised import measure_classifiers

    directory = Path(order.asked.out)
    ledger = SeedLedger()
    comparison = Comparison([], _provenance(order))

    def write() -> None:
        comparison.provenance["seeds"] = {name: list(bounds) for name, bounds in sorted(ledger.used.items())}
        _write_texts(directory, comparison, order.asked.seed)

    with closing(Store(directory, order.plain(), order.asked.resume, ledger)) as store:
        for group in order.groups:
            task = group[0].task
            if isinstance(task, Classification):
                measure_classifiers(group, order.asked, store, stopped, progress, comparison.tables.append, write)
                continue
            with _evaluator(task, order.asked.workers) as evaluator:
                _Control(group, order, evaluator, store, ledger, stopped, progress, write).measure(comparison.tables)
    write()
    figure.draw(comparison.tables, order.asked.seed, directory)
    return comparison


def _evaluator(task: Task, workers: int | None) -> Evaluator:
    inline = workers == 0 or (workers is None and getattr(task, "safe_at_home", False))
    return make_evaluator(task, "inline", device="cpu") if inline else make_evaluator(task, "ray", workers, "cpu")


class _Control:
    """The table of one control task."""

    def __init__(
        self,
        group: Sequence[Entrant],
        order: ComparisonOrder,
        evaluator: Evaluator,
        store: Store,
        ledger: SeedLedger,
        stopped: Callable[[], bool],
        progress: Progress,
        write: Callable[[], None],
    ) -> None:
        self._task, self._entrants, self._order = group[0].task, group, order
        self._directory = Path(order.asked.out)
        self._stopped, self._progress, self._write = stopped, progress, write
        episodes, seed = order.asked.episodes, order.asked.seed
        choosing = SELECTION_EPISODES.get(self._task.name, OTHER_SELECTION_EPISODES)
        self._benches = [
            Bench(contestant, index, evaluator, store, ledger, stopped, episodes, choosing, seed)
            for index, contestant in enumerate(self._contestants())
        ]

    def measure(self, found: list[Table]) -> None:
        """Cheap cells first, so that there is much to see early; then the tunings."""
        cells = [bench.waiting(setting) for bench in self._benches for setting in bench.contestant.settings]
        kinds = {bench.contestant.label: bench.contestant.kind for bench in self._benches}
        table = Table(self._task.name, options_of(self._task), kinds, cells)
        found.append(table)
        rows = [(bench, setting) for bench in self._benches for setting in bench.contestant.settings]
        cheap = [(row, *of) for row, of in enumerate(rows) if of[1] != "tuned"]
        try:
            for done, (row, bench, setting) in enumerate(cheap):
                self._progress(f"{self._task.name}: random and shared weights", done, len(cheap), "")
                if self._stopped():
                    return
                cells[row] = bench.measure(setting)
                self._write()
        except Stopped:
            return
        self._progress(f"{self._task.name}: random and shared weights", len(cheap), len(cheap), "")
        for number, bench in enumerate(self._benches):
            if self._stopped():
                return
            self._tune(number, rows.index((bench, "tuned")), table)

    def _tune(self, number: int, row: int, table: Table) -> None:
        bench, plan = self._benches[number], plan_of(self._task, self._order.asked.steps)
        place = len(table.curves)

        def look(cell: Cell, curve: Curve) -> None:
            table.cells[row] = cell
            table.curves[place:] = [curve]
            self._write()

        cell, curve, weights = bench.tune(plan, self._stopped, self._progress, look)
        if weights is not None:
            self._save(number, bench.contestant, cell, weights)
            bench.keep(cell)
        look(cell, curve)

    def _contestants(self) -> list[Contestant]:
        shape, first = fixed_shape(self._task), self._entrants[0]
        name = "fixed network " + "-".join(map(str, shape))
        while name in [entrant.label for entrant in self._entrants]:
            name += " "
        champions = [
            Contestant(
                e.label,
                "champion",
                f"tuned_{e.file_name}",
                e.champion.genome,
                e.champion.weights,
                e.champion.individual_weights,
            )
            for e in self._entrants
        ]
        return [*champions, Contestant(name, "fixed", f"fixed_{first.file_name}", fully_connected(shape), ())]

    def _save(self, number: int, contestant: Contestant, cell: Cell, weights: NDArray[np.float64]) -> None:
        """The tuned network as a champion file with individual weights."""
        model = self._entrants[min(number, len(self._entrants) - 1)].champion
        champion = replace(
            model,
            genome=contestant.genome,
            weights=contestant.swept,
            individual_weights=tuple(weights.tolist()),
            returns=_returns(cell),
            config={},
            seed=self._order.asked.seed,
            generation=0,
            simulator=self._task.simulated_by,
            versions=_versions(),
        )
        _write(self._directory / f"{contestant.file_name}.json", format_champion(champion))


def _returns(cell: Cell) -> dict[str, Any]:
    finite = cell.values[np.isfinite(cell.values)]
    said: dict[str, Any] = {"episodes": len(cell.values), "precision": "float64"}
    if len(finite) == len(cell.values) > 0:
        said["individual_weights"] = {"mean": float(finite.mean()), "std": float(finite.std())}
    return {**said, **{key: value for key, value in cell.facts.items() if value is not None}}


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


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
        "versions": _versions(),
    }


def _write_texts(directory: Path, comparison: Comparison, seed: int) -> None:
    found = comparison.tables
    _write(directory / "comparison.json", json.dumps(tables.plain(found, seed, comparison.provenance), indent=1) + "\n")
    _write(directory / "comparison.csv", tables.csv_text(found, seed))
    _write(directory / "comparison.md", tables.markdown(found, seed, comparison.provenance))
    _write(directory / "curves.csv", tables.curves_csv(found))


def _write(path: Path, text: str) -> None:
    write_atomically(path, text.encode("utf-8", "backslashreplace"))
