"""The bar of a training: parts of it, how far they are, the time left, and a remark."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PLAIN_SECONDS = 5.0  # between the plain lines that stand for it where there is no terminal


def training_bar(console: Console) -> Progress:
    """Not started; its tasks have the field ``note``."""
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        expand=True,
        disable=not console.is_terminal,
    )
