"""The tables of a comparison in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from baselines.comparison.cells import Table
from baselines.comparison.rows import HEADS, remark_of, rows_of, texts_of
from baselines.comparison.sequence_formats import by_length

_WIDE = 110  # columns of a terminal that shows all of a table


def show(console: Console, tables: Sequence[Table], seed: int) -> None:
    """The tables, a part for each network, with their remarks. Texts are not interpreted as markup."""
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
        _show_lengths(console, table)


def _show_lengths(console: Console, table: Table) -> None:
    """Right answers at each length, where lengths differ."""
    rows = by_length(table)
    if not rows or len(rows[0][1]) < 2:
        return
    drawn = RichTable(title=Text("right answers (percent) by length"), box=SIMPLE_HEAD, pad_edge=False)
    drawn.add_column("", overflow="fold")
    for length in rows[0][1]:
        drawn.add_column(str(length), justify="right", no_wrap=True)
    for cell, facts in rows:
        label = Text(_printable(f"{cell.network}, {cell.about}"))
        drawn.add_row(label, *(f"{found['accuracy']:.1f}" for found in facts.values()))
    console.print(drawn)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
