"""What a person sees while an encoder is made: a bar for each part where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

from time import monotonic

from rich.console import Console
from rich.progress import TaskID

from experiment.progress import PLAIN_SECONDS, training_bar


class Display:
    """Shows parts of the work one after another; a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = training_bar(console)
        self._tasks: dict[str, TaskID] = {}
        self._shown = -PLAIN_SECONDS

    def update(self, part: str, done: int, total: int, note: str = "") -> None:
        """``done`` of ``total`` of one part, with a remark."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=total, note="")
        self._progress.update(self._tasks[part], completed=done, note=note)
        now = monotonic()
        if not self._console.is_terminal and (done >= total or now - self._shown >= PLAIN_SECONDS):
            self._shown = now
            self._console.print(f"{part}  {done}/{total}  {note}".rstrip(), highlight=False, markup=False)

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
