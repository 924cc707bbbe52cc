"""The display of children that run side by side: the progress of each, read from its metrics."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from experiment.confirmed import ConfirmedReturns
from experiment.plan import STAGES
from experiment.replicates.children import Child
from experiment.stopping import end_of
from experiment.terminal.bars import PLAIN_SECONDS
from experiment.terminal.live import number_text
from storage.metrics import METRICS, last_metrics
from wann.champion import Champion
from wann.errors import UserError

_LIVE_SECONDS = 0.5


class Overview:
    """Shows the running children; a context manager.

    Args:
        console: where to write; its ``is_terminal`` decides between live and plain.
        total: number of children to run.
        live: the config wants the live display.
    """

    def __init__(self, console: Console, total: int, live: bool = True) -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._running: list[Child] = []
        self._shown = monotonic()
        self._live = Live(console=console, refresh_per_second=4) if live and console.is_terminal else None

    def began(self, child: Child) -> None:
        self._running.append(child)
        if not self._live:
            self._say(f"{child.name}  begins")

    def finished(self, child: Child, champion: Champion) -> None:
        self.gone(child)
        mean = number_text(ConfirmedReturns.of(champion.returns).random_shared["mean"])
        self._say(f"{child.name}  done ({self._done} of {self._total})  random shared weight {mean}")

    def gone(self, child: Child) -> None:
        self._running.remove(child)
        self._done += 1

    def update(self) -> None:
        """Show the children's progress, if the last display is old enough."""
        now = monotonic()
        if now - self._shown < (_LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        states = [(child, _newest_line(child)) for child in self._running]
        if self._live:
            self._live.update(self._picture(states))
            return
        for child, line in states:
            if line is not None:
                self._say(f"{child.name}  {_progress(child, line)}  mean {number_text(line['best_mean_return'])}")

    def _picture(self, states: list[tuple[Child, dict[str, Any] | None]]) -> Table:
        table = Table(title=f"{self._done} of {self._total} searches done", expand=True)
        for name in ("search", "progress", "mean", "max", "connections"):
            table.add_column(name, justify="left" if name == "search" else "right")
        for child, line in states:
            if line is None:
                table.add_row(child.name, "begins")
            else:
                figures = (number_text(line[key]) for key in ("best_mean_return", "best_max_return"))
                table.add_row(child.name, _progress(child, line), *figures, str(line["best_num_connections"]))
        return table

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Overview:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()


def _progress(child: Child, line: dict[str, Any]) -> str:
    """Finished generations, as text; in a stage without the total, which only the stage's own config has."""
    done = line["generation"] + 1
    if child.plan.stages:
        return f"generation {done}"
    choosing = "" if end_of(child.config, done, line) is None else ", choosing its champion"
    return f"generation {done}/{child.config.generations}{choosing}"


def _newest_line(child: Child) -> dict[str, Any] | None:
    """The newest line of metrics of a search, or of the newest of its stages."""
    runs = [child.path, *child.path.glob(f"{STAGES}/*/*")]
    found = [((run / METRICS).stat().st_mtime, run) for run in runs if (run / METRICS).is_file()]
    with suppress(UserError):  # Reporting a damaged line is not a task of the display.
        return last_metrics(max(found)[1]) if found else None
    return None
