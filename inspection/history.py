"""The history of a run: learning curves from its metrics, and snapshots of its best networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspection.drawing.chart import WIDE, Chart, Line, Part
from storage.metrics import METRICS, read_columns
from storage.snapshots import Snapshot, load_snapshots

_STAGES = "stages"
_COLUMNS = ("best_mean_return", "best_max_return", "best_num_connections")
_MOST_POINTS = 600  # of a curve; a picture has no room for more
_CONNECTIONS_HEIGHT = 210.0


@dataclass(frozen=True)
class Stretch:
    """The metrics of one search, M generations: of a whole run, or of one restart of a stage."""

    name: str  # empty for a whole run
    steps: NDArray[np.float64]  # [M] simulated, cumulative within the stretch
    values: Mapping[str, NDArray[np.float64]]  # [M] of each of ``_COLUMNS``; NaN where a generation failed
    seconds: float
    snapshots: tuple[Snapshot, ...]

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class History:
    """The searches of a run, one after another."""

    stretches: tuple[Stretch, ...]

    @property
    def generations(self) -> int:
        return sum(map(len, self.stretches))

    @property
    def steps(self) -> int:
        return int(sum(stretch.steps[-1] for stretch in self.stretches))

    @property
    def seconds(self) -> float:
        return sum(stretch.seconds for stretch in self.stretches)

    def axis(self, of: str) -> NDArray[np.float64]:
        """[all M] generations counted from 1, or simulated steps, over all stretches."""
        parts, before = [], 0.0
        for stretch in self.stretches:
            own = stretch.steps if of == "steps" else np.arange(1, len(stretch) + 1, dtype=np.float64)
            parts.append(before + own)
            before += float(own[-1])
        return np.concatenate(parts)

    def values(self, column: str) -> NDArray[np.float64]:
        return np.concatenate([stretch.values[column] for stretch in self.stretches])

    def parts(self, of: str) -> list[Part]:
        """Begin and end of each stretch on that axis; empty for a single stretch."""
        if len(self.stretches) < 2:
            return []
        axis, parts, first = self.axis(of), [], 0
        for stretch in self.stretches:
            last = first + len(stretch) - 1
            parts.append(Part(stretch.name, float(axis[max(first - 1, 0)]), float(axis[last])))
            first = last + 1
        return parts

    def rows(self) -> NDArray[np.int64]:
        """Indices of the generations that curves show."""
        return np.unique(np.linspace(0, self.generations - 1, _MOST_POINTS).round().astype(np.int64))


def load_history(run: Path) -> History | None:
    """The history of a run directory; None where it has no metrics, as beside a champion that was copied.

    Raises:
        UserError: a line of metrics is damaged.
        CheckpointError: a snapshot is damaged.
    """
    if (run / METRICS).is_file():
        found = [_stretch(run, "")]
    else:
        places = sorted((run / _STAGES).glob("*/restart-*"))
        found = [_stretch(place, _name(place, places)) for place in places if (place / METRICS).is_file()]
    stretches = tuple(stretch for stretch in found if len(stretch))
    return History(stretches) if stretches else None


def _name(place: Path, places: list[Path]) -> str:
    """``find``, or ``find 2`` where a stage has several restarts."""
    stage = place.parent.name.partition("-")[2] or place.parent.name
    several = sum(other.parent == place.parent for other in places) > 1
    return f"{stage} {int(place.name.removeprefix('restart-')) + 1}" if several else stage


def _stretch(run: Path, name: str) -> Stretch:
    values = read_columns(run, (*_COLUMNS, "env_steps", "wall_seconds"))
    steps, seconds = values.pop("env_steps"), values.pop("wall_seconds")
    return Stretch(name, steps, values, float(seconds[-1]) if len(seconds) else 0.0, tuple(load_snapshots(run)))


# --- pictures ---


def draw_history(history: History, of: str, width: float = WIDE) -> str:
    """Returns above connections, against ``of``: "generations" or "steps"."""
    rows = history.rows()
    x = history.axis(of)[rows]
    mean, best = history.values("best_mean_return")[rows], history.values("best_max_return")[rows]
    lines = [Line("mean over weights", x, mean)]
    if not np.allclose(mean, best, equal_nan=True):
        lines.insert(0, Line("best weight", x, best, "second"))
    label = "simulated steps" if of == "steps" else "generation"
    integers = of == "generations"
    parts = history.parts(of)
    returns = Chart(label, "return of the best network", lines, parts=parts, integers=integers, width=width)
    sizes = [Line("connections", x, history.values("best_num_connections")[rows])]
    connections = Chart(
        label, "its connections", sizes, parts=parts, integers=integers, height=_CONNECTIONS_HEIGHT, width=width
    )
    return stacked([returns, connections], ["returns", "connections"])


def stacked(charts: list[Chart], names: list[str]) -> str:
    """Charts of equal width in one SVG, one below the other."""
    inner, top = [], 0.0
    for chart, name in zip(charts, names, strict=True):
        inner.append(chart.svg(name).replace("<svg ", f'<svg y="{top:g}" ', 1))
        top += chart.height
    size = f'viewBox="0 0 {charts[0].width:g} {top:g}" width="{charts[0].width:g}" height="{top:g}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" class="charts" {size} role="group">', *inner, "</svg>"])


def history_data(history: History) -> dict[str, Any]:
    """The curves' values for a page to show on hover: plain JSON values, None for NaN."""
    rows = history.rows()
    columns = {
        "generations": history.axis("generations"),
        "steps": history.axis("steps"),
        **{column: history.values(column) for column in _COLUMNS},
    }
    return {
        name: [None if np.isnan(value) else float(f"{value:.6g}") for value in column[rows]]
        for name, column in columns.items()
    }
