"""What a person sees of a comparison: bars of what is under way, and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

from baselines.comparison.cells import Table
from baselines.comparison.tables import HEADS, remark_of, rows_of, texts_of
from experiment.progress import PLAIN_SECONDS

_WIDE = 110  # columns of a terminal that shows all of a table


class Display:
    """Shows tunings as they go; a context manager. Plain lines now and then where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console, self._shown = console, monotonic()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            expand=True,
            disable=not console.is_terminal,
        )

    def update(self, label: str, done: int, total: int, note: str) -> None:
        """``done`` of ``total`` of what ``label`` names, with a remark."""
        if label not in self._bars:
            self._bars[label] = self._progress.add_task(label, total=total, note="")
        self._progress.update(self._bars[label], completed=done, note=note)
        now = monotonic()
        if not self._console.is_terminal and now - self._shown >= PLAIN_SECONDS:
            self._shown = now
            self.say(f"{label}  {100 * done / total:.0f} %  {note}".rstrip())

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def show(console: Console, tables: Sequence[Table], seed: int) -> None:
    """The tables, a part for each network, with their remarks; nothing in them is markup."""
    for index, table in enumerate(tables):
        rows = rows_of(table, seed, index)
        wide = console.width >= _WIDE
        left_out = () if wide else ("median", "quartiles", "n")
        columns = [column for column in range(1, len(HEADS)) if HEADS[column] not in left_out]
        drawn = RichTable(title=Text(table.task), box=SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            drawn.add_column(HEADS[column], justify="left" if column == 1 else "right", no_wrap=True)
        network = None
        for row in rows:
            if row.cell.network != network:
                network = row.cell.network
                drawn.add_section()
                drawn.add_row(Text(_printable(network), style="bold", overflow="fold"))
            texts = texts_of(row)
            drawn.add_row(*(Text(_printable(texts[column])) for column in columns))
        console.print(drawn)
        for row in rows:
            if remark := remark_of(row):
                console.print(Text("  " + _printable(remark)), soft_wrap=True)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
