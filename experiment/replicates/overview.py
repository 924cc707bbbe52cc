"""What a person sees of children side by side: how far each is, read from its metrics."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from experiment.replicates.children import Child
from experiment.terminal.bars import PLAIN_SECONDS
from experiment.terminal.live import number_text
from storage.metrics import METRICS, last_metrics
from wann.champion import Champion

_LIVE_SECONDS = 0.5


class Overview:
    """Shows the children that run; a context manager.

    Args:
        console: where to write; its ``is_terminal`` decides between live and plain.
        total: children there are to run.
        live: whether the config wants the live display.
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
        mean = champion.returns["random_shared_weight"]["mean"]
        shown = "-" if mean is None else f"{mean:.1f}"
        self._say(f"{child.name}  done ({self._done} of {self._total})  random shared weight {shown}")

    def gone(self, child: Child) -> None:
        self._running.remove(child)
        self._done += 1

    def update(self) -> None:
        """Show how far they are, if it is time to."""
        now = monotonic()
        if now - self._shown < (_LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        states = [(child, _last_line(child.path)) for child in self._running]
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
    """Of a stage its own generations, whose number only its own config tells."""
    done = line["generation"] + 1
    if child.config.stages:
        return f"generation {done}"
    choosing = ", choosing its champion" if done == child.config.generations else ""
    return f"generation {done}/{child.config.generations}{choosing}"


def _last_line(path: Path) -> dict[str, Any] | None:
    """The newest line of metrics of a run, or of the newest of its stages."""
    files = [path / METRICS, *path.glob(f"stages/*/*/{METRICS}")]
    found = [(file.stat().st_mtime, file) for file in files if file.is_file()]
    return last_metrics(max(found)[1].parent) if found else None
