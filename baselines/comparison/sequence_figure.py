"""The figure of a comparison on sequences: right answers by length, and learning by episodes and by CPU seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines.comparison.cells import Cell, Table
from baselines.comparison.figure import SETTINGS
from baselines.comparison.literal_texts import short
from baselines.comparison.sequence_formats import by_length, is_of_sequences

# Lines of one network: that which counts most is solid.
_STYLES = {
    "random_individual": ":",
    "random_shared": "--",
    "best_shared": "-",
    "own": "-",
    "tuned": "-.",
    "gradients": "-",
}
_HEIGHT = 4.2  # inches of a table


def draw(tables: Sequence[Table], directory: Path) -> None:
    """Write ``sequences.png`` and ``sequences.svg``, a row of panels for each table of sequences."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [table for table in tables if is_of_sequences(table)]
    if not shown:
        return
    with mpl.rc_context(SETTINGS):
        figure: Any = Figure((15, _HEIGHT * len(shown)), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, table in zip(figure.subplots(len(shown), 3, squeeze=False), shown, strict=True):
            _draw_lengths(axes[0], table)
            _draw_learning(axes[1], table, "episodes", "episodes trained on")
            _draw_learning(axes[2], table, "cpu_seconds", "CPU seconds of training")
        figure.savefig(directory / "sequences.png", dpi=130, metadata={"Software": None})
        figure.savefig(directory / "sequences.svg", metadata={"Date": None, "Creator": None})


def _draw_lengths(axes: Any, table: Table) -> None:
    colours = _colours(table)
    axes.set_xscale("symlog", base=2, linthresh=1)  # lengths may be 0
    for cell, facts in by_length(table):
        accuracies = [found["accuracy"] for found in facts.values()]
        style = _STYLES.get(cell.setting, "-")
        axes.plot(
            list(facts), accuracies, style, marker=".", color=colours[cell.network, cell.setting], label=_label(cell)
        )
        axes.set_xticks(list(facts))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("length of sequences, the first as in training")
    axes.set_title(f"{table.task}: test", fontsize=10)
    _finish(axes)


def _draw_learning(axes: Any, table: Table, key: str, label: str) -> None:
    """Accuracy on the validation sequences, of the lengths of training."""
    colours = _colours(table)
    for cell in table.cells:
        points = cell.facts.get("learning")
        if points:
            values = [point["accuracy"] for point in points]
            axes.plot(
                [point[key] for point in points], values, color=colours[cell.network, cell.setting], label=_label(cell)
            )
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.set_title(f"{table.task}: validation", fontsize=10)
    _finish(axes)


def _finish(axes: Any) -> None:
    axes.set_ylabel("right answers (percent)")
    axes.set_ylim(-3, 103)
    axes.grid(color="0.92")
    if axes.lines:
        axes.legend(fontsize=7, loc="best")


def _label(cell: Cell) -> str:
    return f"{short(cell.network)}, {cell.about}"


def _colours(table: Table) -> dict[tuple[str, str], str]:
    """The colour of each row, the same in all panels."""
    return {(cell.network, cell.setting): f"C{number % 10}" for number, cell in enumerate(table.cells)}
