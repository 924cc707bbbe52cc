"""The display of work in parts: a bar for each part on a terminal, occasional plain lines elsewhere."""

from __future__ import annotations

from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PLAIN_SECONDS = 5.0  # between plain lines


class Bars:
    """Shows the progress of each part, the time left, and a remark; a context manager.

    Names and remarks are plain text, not markup.

    Args:
        console: where to write; its ``is_terminal`` decides between bars and lines.
        percent: show per cent instead of counts, for large parts.
    """

    def __init__(self, console: Console, percent: bool = False) -> None:
        self._console, self._percent = console, percent
        self._bars: dict[str, TaskID] = {}
        self._shown = monotonic()
        self._progress = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%") if percent else MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            expand=True,
            disable=not console.is_terminal,
        )

    def update(self, part: str, done: int, total: int, note: str = "") -> None:
        """Show ``done`` of ``total`` for one part, with a remark."""
        if part not in self._bars:
            self._bars[part] = self._progress.add_task(part, total=total, note="")
        self._progress.update(self._bars[part], completed=done, note=note)
        now = monotonic()
        if not self._console.is_terminal and (done >= total or now - self._shown >= PLAIN_SECONDS):
            self._shown = now
            count = f"{100 * done / total:.0f} %" if self._percent else f"{done}/{total}"
            self.say(f"{part}  {count}  {note}".rstrip())

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
