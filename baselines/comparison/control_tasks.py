"""The table of one control task: its contestants, and the order in which they are measured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.cells import Cell, Curve, Table
from baselines.comparison.contestants import Contestant, champion_contestant
from baselines.comparison.store import write_text
from baselines.comparison.table_setup import TableSetup
from baselines.comparison.tuned_files import tuned_champion
from baselines.comparison.tuning_plans import fixed_shape, plan_of
from baselines.models.fixed_topology import fully_connected
from envs.task import options_of
from wann.errors import Stopped
from workers.inline import InlineEvaluator

# In threads of this process.
_TUNINGS_AT_ONCE = 2


class ControlTable:
    """Measures the champions of one task, and the fixed network beside them."""

    def __init__(self, setup: TableSetup) -> None:
        self._task, self._entrants, self._options = setup.task, setup.group, setup.options
        self._directory = Path(setup.options.out)
        self._in_process = isinstance(setup.evaluator, InlineEvaluator)
        self._stopped, self._progress, self._write = setup.stopped, setup.progress, setup.write
        self._benches = [setup.bench(contestant, index) for index, contestant in enumerate(self._contestants())]

    def measure(self, found: list[Table]) -> None:
        """Measure cheap cells first, so that most results are shown early, then the tunings."""
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
        self._tune_all(table, [row for row, (_, setting) in enumerate(rows) if setting == "tuned"])

    def _tune_all(self, table: Table, rows: Sequence[int]) -> None:
        """Run all tunings, concurrently if they run in this process, whose kernels do not block other threads."""
        failed, writing = threading.Event(), threading.Lock()
        curves: list[Curve | None] = [None] * len(rows)

        def stopped() -> bool:
            return self._stopped() or failed.is_set()

        def tune(number: int) -> None:
            def look(cell: Cell, curve: Curve) -> None:
                with writing:
                    table.cells[rows[number]], curves[number] = cell, curve
                    table.curves[:] = [known for known in curves if known is not None]
                    self._write()

            try:
                if not stopped():
                    self._tune(number, stopped, look)
            except BaseException:
                failed.set()
                raise

        if not self._in_process:
            for number in range(len(rows)):
                tune(number)
            return
        with ThreadPoolExecutor(_TUNINGS_AT_ONCE) as pool:
            try:
                for done in [pool.submit(tune, number) for number in range(len(rows))]:
                    done.result()
            except BaseException:
                failed.set()
                raise

    def _tune(self, number: int, stopped: Callable[[], bool], look: Callable[[Cell, Curve], None]) -> None:
        bench, plan = self._benches[number], plan_of(self._task, self._options.steps)
        cell, curve, weights = bench.tune(plan, stopped, self._progress, look)
        if weights is not None:
            self._save(number, bench.contestant, cell, weights)
            bench.keep(cell)
        look(cell, curve)

    def _contestants(self) -> list[Contestant]:
        shape, first = fixed_shape(self._task), self._entrants[0]
        name = "fixed network " + "-".join(map(str, shape))
        while name in [entrant.label for entrant in self._entrants]:
            name += " "
        return [
            *map(champion_contestant, self._entrants),
            Contestant(name, "fixed", f"fixed_{first.file_name}", fully_connected(shape), ()),
        ]

    def _save(self, number: int, contestant: Contestant, cell: Cell, weights: NDArray[np.float64]) -> None:
        """The tuned network as a champion file with individual weights."""
        model = replace(
            self._entrants[min(number, len(self._entrants) - 1)].champion,
            genome=contestant.genome,
            weights=contestant.swept,
            simulator=self._task.simulated_by,
        )
        text = tuned_champion(model, weights, cell, self._options.seed)
        write_text(self._directory, f"{contestant.file_name}.json", text)
