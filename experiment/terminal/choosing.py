"""The display of a choice among candidates: episodes run so far, and about how many are needed."""

from __future__ import annotations

from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from experiment.terminal.bars import PLAIN_SECONDS


class Choosing:
    """A bar on a terminal, occasional plain lines elsewhere; a context manager.

    Args:
        console: where to write; its ``is_terminal`` decides between the two.
        label: of the run.
        chosen: name of the thing to choose, such as "the champion".
        live: True if the config asks for the bar.
    """

    def __init__(self, console: Console, label: str, chosen: str, live: bool = True) -> None:
        self._console, self._label = console, f"{label}  choosing {chosen}"
        self._shown = monotonic()
        self._progress = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(bar_width=None),
            TextColumn("episodes {task.completed:,.0f} of about {task.total:,.0f}", markup=False),
            TimeRemainingColumn(),
            console=console,
            expand=True,
            disable=not (live and console.is_terminal),
        )
        self._bar = self._progress.add_task(self._label, total=None, start=False, visible=False)

    def update(self, done: int, total: int) -> None:
        """Show ``done`` of about ``total`` episodes."""
        total = max(done, total)
        if not self._progress.tasks[self._bar].started:
            self._progress.start_task(self._bar)
        self._progress.update(self._bar, completed=done, total=total, visible=True)
        now = monotonic()
        if self._progress.disable and now - self._shown >= PLAIN_SECONDS:
            self._shown = now
            line = f"{self._label}: episodes {done:,} of about {total:,}"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Choosing:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
