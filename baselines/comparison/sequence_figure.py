"""The figure of a comparison on sequences: right answers by length, and learning by episodes and by CPU seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines.comparison.cells import Cell, Table
from baselines.comparison.figure import SETTINGS
from baselines.comparison.literal_texts import short
from baselines.comparison.sequence_formats import by_length, is_of_sequences

# Lines of a champion: that which counts most is solid.
_STYLES: dict[str, Any] = {
    "random_individual": ":",
    "random_shared": "--",
    "best_shared": "-",
    "own": (0, (9, 2)),
    "tuned": "-.",
    "gradients": (0, (5, 1, 1, 1, 1, 1)),
}
_SHADES = ("black", "0.45", "0.65", "0.8")  # of champions; models have colours
_HEIGHT, _LEGEND = 3.6, 1.1  # inches of a table, and of what its lines are
_LEAST_RATIO = 1.2  # of lengths whose ticks have room side by side


def draw(tables: Sequence[Table], directory: Path) -> None:
    """Write ``sequences.png`` and ``sequences.svg``, a row of panels for each table of sequences."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [table for table in tables if is_of_sequences(table)]
    if not shown:
        return
    with mpl.rc_context(SETTINGS):
        figure: Any = Figure((15, _HEIGHT * len(shown) + _LEGEND), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(shown), 3, squeeze=False)
        for axes, table in zip(panels, shown, strict=True):
            _draw_lengths(axes[0], table)
            _draw_learning(axes[1], table, "episodes", "episodes trained on")
            _draw_learning(axes[2], table, "cpu_seconds", "CPU seconds of training")
        lines = {line.get_label(): line for axes in panels.flat for line in axes.lines}
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=5, fontsize=8, frameon=False)
        figure.savefig(directory / "sequences.png", dpi=130, metadata={"Software": None})
        figure.savefig(directory / "sequences.svg", metadata={"Date": None, "Creator": None})


def _draw_lengths(axes: Any, table: Table) -> None:
    looks = _looks(table)
    axes.set_xscale("symlog", base=2, linthresh=1)  # lengths may be 0
    for cell, facts in by_length(table):
        accuracies = [found["accuracy"] for found in facts.values()]
        axes.plot(list(facts), accuracies, marker=".", label=_label(cell), **looks[cell.network, cell.setting])
        axes.set_xticks(_ticks(list(facts)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("length of sequences, the first as in training")
    axes.set_title(f"{table.task}: test", fontsize=10)
    _finish(axes)


def _ticks(lengths: list[int]) -> list[int]:
    """The lengths whose numbers do not stand on the one before."""
    shown = lengths[:1]
    for length in lengths[1:]:
        if length >= shown[-1] * _LEAST_RATIO:
            shown.append(length)
    return shown


def _draw_learning(axes: Any, table: Table, key: str, label: str) -> None:
    """Accuracy on the validation sequences, of the lengths of training."""
    looks = _looks(table)
    for cell in table.cells:
        points = cell.facts.get("learning")
        if points:
            values = [point["accuracy"] for point in points]
            axes.plot([point[key] for point in points], values, label=_label(cell), **looks[cell.network, cell.setting])
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.set_title(f"{table.task}: validation", fontsize=10)
    _finish(axes)


def _finish(axes: Any) -> None:
    axes.set_ylabel("right answers (percent)")
    axes.set_ylim(-3, 103)
    axes.grid(color="0.92")


def _label(cell: Cell) -> str:
    return f"{short(cell.network)}, {cell.about}"


def _looks(table: Table) -> dict[tuple[str, str], dict[str, Any]]:
    """Colour and style of each row, the same in all panels."""
    champions = list(dict.fromkeys(cell.network for cell in table.cells if cell.setting in _STYLES))
    models = [cell.network for cell in table.cells if cell.network not in champions]
    looks = {}
    for cell in table.cells:
        if cell.network in champions:
            shade = _SHADES[champions.index(cell.network) % len(_SHADES)]
            look = {"color": shade, "linestyle": _STYLES.get(cell.setting, "-"), "zorder": 3}
        else:
            look = {"color": f"C{models.index(cell.network) % 10}"}
        looks[cell.network, cell.setting] = look
    return looks
