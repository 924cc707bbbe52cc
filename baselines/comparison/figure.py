"""The figure of a comparison: the returns of each row, and the learning curves of tunings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from baselines.comparison.cells import Table
from baselines.comparison.literal_texts import short
from baselines.comparison.rows import Row, rows_of
from envs.sequences import PROBLEMS

_INCHES_PER_ROW = 0.42
SETTINGS: Any = {"svg.hashsalt": "comparison", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}


def draw(tables: Sequence[Table], seed: int, directory: Path) -> None:
    """Write ``comparison.png`` and ``comparison.svg``. The same tables give the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [1.6 + _INCHES_PER_ROW * len(table.cells) for table in tables]
    wide = any(table.curves for table in tables)
    with mpl.rc_context(SETTINGS):
        figure: Any = Figure((13 if wide else 8, sum(heights)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(tables), 2 if wide else 1, squeeze=False, gridspec_kw={"height_ratios": heights})
        for index, (table, axes) in enumerate(zip(tables, panels, strict=True)):
            _draw_rows(axes[0], table, rows_of(table, seed, index))
            if wide:
                _draw_curves(axes[1], table)
        figure.savefig(directory / "comparison.png", dpi=130, metadata={"Software": None})
        figure.savefig(directory / "comparison.svg", metadata={"Date": None, "Creator": None})


def _draw_rows(axes: Any, table: Table, rows: Sequence[Row]) -> None:
    """Draw a box of the quartiles for each row, its mean with the interval, and the published mean."""
    places = np.arange(len(rows))[::-1]
    for place, row in zip(places, rows, strict=True):
        said = row.summary
        if row.cell.unit != "images" and said.mean is not None:
            values = row.cell.values[np.isfinite(row.cell.values)]
            axes.boxplot(
                [values],
                positions=[place],
                orientation="horizontal",
                widths=0.6,
                showfliers=False,
                medianprops={"color": "0.4"},
                boxprops={"color": "0.6"},
                whiskerprops={"color": "0.6"},
                capprops={"color": "0.6"},
            )
            axes.plot(values, np.full(len(values), place), "|", color="0.75", markersize=6, zorder=1)
        if said.mean is not None:
            error = [[said.mean - (said.low or 0.0)], [(said.high or 0.0) - said.mean]]
            axes.errorbar([said.mean], [place], xerr=error, fmt="o", color="tab:blue", markersize=5, zorder=4)
        if row.published is not None:
            axes.plot([row.published[0]], [place], "D", color="tab:orange", markersize=5, zorder=3)
    axes.set_yticks(places, [f"{short(row.cell.network)}, {row.cell.about}" for row in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlabel(_measure(table.task))
    axes.plot([], [], "o", color="tab:blue", label="mean, 95 % interval")
    if any(row.published for row in rows):
        axes.plot([], [], "D", color="tab:orange", label="published mean")
    axes.set_title(table.task, fontsize=10)
    axes.legend(fontsize=8, loc="best")
    axes.grid(axis="x", color="0.92")


def _measure(task: str) -> str:
    if task == "classification":
        return "accuracy on the test images (percent)"
    return "accuracy on a sequence (percent)" if task in PROBLEMS else "return of an episode"


def _draw_curves(axes: Any, table: Table) -> None:
    """Draw the kept solution on selection episodes, and the mean of each generation's candidates, against steps."""
    for number, curve in enumerate(table.curves):
        color = f"C{number}"
        steps = curve.history[:, 2] / 1e6
        axes.plot(steps, curve.history[:, 4], color=color, alpha=0.25, linewidth=0.8)
        axes.plot(steps, curve.history[:, 5], color=color, label=f"{short(curve.network)}: kept, on selection episodes")
    if not table.curves:
        axes.set_axis_off()
        return
    axes.plot([], [], color="0.7", linewidth=0.8, label="mean of a generation's candidates")
    axes.set_xlabel("simulated steps of tuning (millions)")
    axes.set_ylabel("graded score" if table.task in PROBLEMS else "return")
    axes.set_title("tuning", fontsize=10)
    axes.legend(fontsize=8, loc="lower right")
    axes.grid(color="0.92")
