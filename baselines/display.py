"""What a person sees while a model is trained: a bar where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

from time import monotonic

from rich.console import Console

from experiment.progress import PLAIN_SECONDS, training_bar


class Display:
    """Shows one training; a context manager."""

    def __init__(self, console: Console, label: str) -> None:
        self._console, self._label = console, label
        self._progress = training_bar(console)
        self._task = self._progress.add_task(label, total=None, note="")
        self._shown = monotonic()

    def update(self, done: int, total: int, note: str) -> None:
        """``done`` of ``total`` batches, with a remark."""
        self._progress.update(self._task, completed=done, total=total, note=note)
        now = monotonic()
        if not self._console.is_terminal and now - self._shown >= PLAIN_SECONDS:
            self._shown = now
            line = f"{self._label}, batches  {done}/{total}  {note}".rstrip()
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
