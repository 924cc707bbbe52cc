"""The figure of a sweep: returns of champions by swept value, and the curves of the searches."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from configs.sweep import combinations, names, swept_labels, value_text
from experiment.replicates.tables import Finished, row_of
from storage.metrics import read_columns
from storage.run_directory import RunDirectory
from wann.extras import install, is_installed

FIGURES = ("sweep.svg", "sweep.png")
# Maximal number of lines named in a legend.
_MOST_NAMED = 12
_POINTS = 200  # per curve
_SETTINGS: Any = {"svg.hashsalt": "sweep", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}


def draw_sweep(console: Console, parent: RunDirectory, finished: Finished) -> None:
    """Write ``sweep.svg`` and ``sweep.png``. Prints their places, or that the plotting package is missing.

    Raises:
        RunError: the files cannot be written.
    """
    if not is_installed("matplotlib"):
        remedy = install("matplotlib", "inspect")
        console.print(f"No figure: expected the package matplotlib; {remedy}", markup=False, soft_wrap=True)
        return
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = combinations(parent.config.sweep)
    labels = swept_labels(found)
    curves = _curves(names(found), finished)
    count = len(labels) + bool(curves)
    with mpl.rc_context(_SETTINGS):
        figure: Any = Figure((4.2 * count, 3.8), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, count, squeeze=False)[0]
        colours = {name: f"C{number % 10}" for number, name in enumerate(names(found))}
        for axes, (key, label) in zip(panels, labels.items(), strict=False):
            _draw_values(axes, key, label, finished, colours)
        if curves:
            _draw_curves(panels[-1], curves, colours)
        for name in FIGURES:
            kind, picture = name.partition(".")[2], io.BytesIO()
            metadata = {"Date": None} if kind == "svg" else {"Software": None}
            figure.savefig(picture, format=kind, dpi=130, metadata=metadata)
            parent.write(name, picture.getvalue())
            console.print(f"  {parent.address_of(parent.path / name)}", highlight=False, markup=False, soft_wrap=True)


def _draw_values(axes: Any, key: str, label: str, finished: Finished, colours: Mapping[str, str]) -> None:
    """Draw a point for each search above its value of one key, and a bar at the mean of all with that value."""
    values = list(dict.fromkeys(value_text(child.combination.get(key, "-")) for child, _ in finished))
    for place, value in enumerate(values):
        here = [pair for pair in finished if value_text(pair[0].combination.get(key, "-")) == value]
        own = list(dict.fromkeys(child.name.split("/")[0] for child, _ in here))
        returns = [row_of(champion)["random_mean"] for _, champion in here]
        for (child, _), found in zip(here, returns, strict=True):
            name = child.name.split("/")[0]
            # Shift combinations sideways, so that points of one do not hide those of another.
            shift = (own.index(name) + 0.5) / len(own) - 0.5
            axes.plot(place + 0.5 * shift, found, "o", color=colours[name], markersize=5, alpha=0.8)
        axes.plot([place - 0.32, place + 0.32], [np.mean(returns)] * 2, color="0.25", linewidth=1.5)
    axes.set_xticks(range(len(values)), [value if len(value) <= 24 else f"{value[:23]}…" for value in values])
    axes.set_xlim(-0.6, len(values) - 0.4)
    axes.set_xlabel(label)
    axes.set_ylabel("return at random shared weights")
    axes.set_title("champions, and the mean of each value", fontsize=10)
    axes.grid(axis="y", color="0.92")


def _draw_curves(axes: Any, curves: Mapping[str, list[NDArray[np.float64]]], colours: Mapping[str, str]) -> None:
    """Draw for each combination the mean over its replicates, with a band of a standard deviation."""
    for name, own in curves.items():
        steps = np.linspace(max(curve[0, 0] for curve in own), min(curve[-1, 0] for curve in own), _POINTS)
        returns = np.array([np.interp(steps, *curve.T) for curve in own])
        mean = returns.mean(axis=0)
        axes.plot(steps / 1e6, mean, color=colours[name], linewidth=1.4, label=name)
        if len(own) > 1:
            spread = returns.std(axis=0, ddof=1)
            axes.fill_between(steps / 1e6, mean - spread, mean + spread, color=colours[name], alpha=0.15, linewidth=0)
    axes.set_xlabel("simulated steps (millions)")
    axes.set_ylabel("best mean return of the generation")
    several = any(len(own) > 1 for own in curves.values())
    axes.set_title("searches" + (", mean ± sd over replicates" if several else ""), fontsize=10)
    axes.grid(color="0.92")
    if len(curves) <= _MOST_NAMED:
        axes.legend(fontsize=7, loc="best")


def _curves(order: Sequence[str], finished: Finished) -> dict[str, list[NDArray[np.float64]]]:
    """Curves [G, 2] of each combination's replicates: steps and best mean return. Searches with stages have none."""
    curves: dict[str, list[NDArray[np.float64]]] = {}
    for name in order:
        own = [_curve(child.path) for child, _ in finished if child.name.split("/")[0] == name]
        if curve_list := [curve for curve in own if len(curve)]:
            curves[name] = curve_list
    return curves


def _curve(run: Path) -> NDArray[np.float64]:
    """The curve [G, 2] of a run, without failed generations."""
    points = np.stack(list(read_columns(run, ("env_steps", "best_mean_return")).values()), axis=1)
    return points[~np.isnan(points[:, 1])]
