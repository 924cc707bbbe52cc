"""The return of a champion against the shared weight, on a fine grid and fresh episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.task import Task, is_safe_at_home, untouched_of
from experiment.confirmed import ENSEMBLE
from inspection.drawing.chart import WIDE, Band, Chart, Line, Mark
from inspection.measure import Measure, measure_of
from inspection.weights import weight_text
from wann.champion import Champion
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds
from workers.inline import InlineEvaluator

REACH = 2.0  # of the grid, to both sides
# (weights of the grid, episodes for each), smaller for simulators that step one environment at a time.
_FINE, _COARSE, _SLOW = (81, 100), (41, 4), (17, 1)
_MOST_MARKED = 12  # maximal number of swept weights evaluated themselves; more of them are read from the grid
_AT_ONCE = 4  # weights between two reports of progress
Progress = Callable[[int, int], None]  # (weights done, of how many)


@dataclass(frozen=True)
class WeightCurve:
    """Returns of fresh episodes, G weights; NaN where an episode's return is not finite."""

    weights: NDArray[np.float64]  # [G] ascending
    mean: NDArray[np.float64]  # [G]
    low: NDArray[np.float64]  # [G] first quartile
    median: NDArray[np.float64]  # [G]
    high: NDArray[np.float64]  # [G] third quartile
    episodes: int  # for each weight
    measure: Measure
    swept: tuple[float, ...]  # weights of the search
    own: float | None = None  # mean return with the champion's individual weights

    @property
    def best_weight(self) -> float:
        """The weight of the highest mean, except 0; if equal, the one nearest to the searched weight, or to 1."""
        mean = np.where(np.isnan(self.mean) | (self.weights == 0), -np.inf, self.mean)
        equals = self.weights[mean >= mean.max() - 1e-9]
        middle = self.swept[0] if len(self.swept) == 1 else 1.0
        return float(equals[np.argmin(np.abs(equals - middle))])

    def data(self) -> dict[str, Any]:
        """Plain JSON values; None for NaN."""
        lists = {name: getattr(self, name) for name in ("weights", "mean", "low", "median", "high")}
        plain = {name: [None if np.isnan(v) else float(f"{v:.6g}") for v in found] for name, found in lists.items()}
        return {**plain, "episodes": self.episodes, "measure": self.measure.axis, "unit": self.measure.unit}


def measure_weight_curve(
    champion: Champion, task: Task, seed: int, episodes: int | None = None, progress: Progress | None = None
) -> WeightCurve:
    """Evaluate a champion over shared weights in [-2, 2], or a wider range if it was swept over one.

    Args:
        champion: of the task.
        task: as `envs.registry.task_of_champion` gives it; whole episodes, or the images of the test part, count.
        seed: of the report: its episodes are neither those of the search nor those of the champion file.
        episodes: for each weight; None for as many as take about a minute at most.
        progress: is told after every few weights.
    """
    reported, measure = reported_task(task), measure_of(champion)
    count, usual = _grid_of(reported)
    if measure.is_accuracy:
        episodes = 1  # all images of the part
    episodes = usual if episodes is None else episodes
    seeds = episode_seeds(seed, Purpose.INSPECTION, 0, episodes)
    weights = _weights(champion.weights, count)
    networks = Networks.of([compile_genome(champion.genome)])
    parts = []
    with InlineEvaluator(reported) as evaluator:
        for begin in range(0, len(weights), _AT_ONCE):
            parts.append(evaluator.evaluate(networks, weights[begin : begin + _AT_ONCE], seeds).values[0])
            if progress is not None:
                progress(min(begin + _AT_ONCE, len(weights)), len(weights))
        own = None
        if champion.individual_weights is not None:
            settings = np.array([champion.individual_weights], np.float64)
            own = float(evaluator.evaluate(networks, [settings], seeds).values.mean())
    returns = np.concatenate(parts)
    low, median, high = np.percentile(returns, [25, 50, 75], axis=1)
    return WeightCurve(weights, returns.mean(axis=1), low, median, high, episodes, measure, champion.weights, own)


def reported_task(task: Task) -> Task:
    """The task for the report: whole episodes, or the images of the part that nothing is chosen on."""
    return untouched_of(task.reported)


def _grid_of(task: Task) -> tuple[int, int]:
    if is_safe_at_home(task):
        return _FINE
    return _SLOW if task.name == "car_racing" else _COARSE


def _weights(swept: tuple[float, ...], count: int) -> NDArray[np.float64]:
    low, high = min(-REACH, *swept, REACH), max(REACH, *swept, -REACH)
    grid = np.linspace(low, high, count)
    marked = np.array(swept if len(swept) <= _MOST_MARKED else (), np.float64)
    distances = np.abs(grid[:, None] - marked).min(axis=1, initial=np.inf)
    return np.unique(np.concatenate([grid[distances > 1e-9], marked]))


def draw_weight_curve(curve: WeightCurve, width: float = WIDE) -> str:
    """The curve as SVG: mean, quartiles, and the weights of the search."""
    lines = [Line("mean", curve.weights, curve.mean, "main")]
    bands = []
    if curve.episodes > 1:
        bands.append(Band("quartiles", curve.weights, curve.low, curve.high))
        lines.insert(0, Line("median", curve.weights, curve.median, "quiet"))
    if curve.own is not None:
        across = curve.weights[[0, -1]]
        lines.append(Line("own weights", across, np.full(2, curve.own), "second"))
    marks = [Mark(weight, float(np.interp(weight, curve.weights, curve.mean))) for weight in curve.swept]
    chart = Chart("shared weight", curve.measure.axis, lines, bands, marks, mark_name="searched", width=width)
    return chart.svg("weights")


def summary_of(returns: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(name, figures) of the confirmed returns of a champion file, as far as they have the known form."""
    rows = []
    for record in returns.get("per_weight") or []:
        if isinstance(record, Mapping) and "weight" in record:
            rows.append((f"shared weight {_number(record['weight'])}", record))
    best = returns.get("best_shared_weight")
    if isinstance(best, Mapping):
        rows.append((f"best shared weight, {_number(best.get('weight'))}", best))
    for key, name in (
        ("random_shared_weight", "random shared weight"),
        ("random_individual_weights", "random, each its own"),
    ):
        if isinstance(returns.get(key), Mapping):
            rows.append((name, returns[key]))
    for key, name in ENSEMBLE.items():
        if key in returns:
            rows.append((name, {"mean": returns[key]}))
    return rows


def _number(value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:g}".replace("-", "\N{MINUS SIGN}") if value else weight_text(0.0)
