"""Statistics of the returns of one cell and of two cells: moments, intervals, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
RESAMPLES = 9999
# Resamples of so many values are drawn at once.
_BATCH_VALUES = 2**22


@dataclass(frozen=True)
class Summary:
    """Statistics of n values. Those that are not finite are only counted."""

    n: int  # finite ones
    failed: int  # others
    mean: float | None  # None where nothing is finite, as in all that follow
    std: float | None  # of a sample, divided by n - 1; 0 for one value
    low: float | None  # bootstrap interval of the mean
    high: float | None
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None


@dataclass(frozen=True)
class Difference:
    """The comparison of two samples by ranks."""

    u: float  # Mann-Whitney's of the first, ties count a half
    p: float  # two-sided
    superiority: float  # chance that a value of the first exceeds one of the second, ties count a half
    rank_biserial: float  # 2 * superiority - 1


def summarize(values: ArrayLike, rng: np.random.Generator, confidence: float = CONFIDENCE) -> Summary:
    """Statistics of values [n]; ``rng`` draws the resamples."""
    values = np.asarray(values, np.float64)
    finite = values[np.isfinite(values)]
    failed = len(values) - len(finite)
    if not len(finite):
        return Summary(0, failed, None, None, None, None, None, None, None)
    low, high = bootstrap_interval(finite, rng, confidence)
    quartiles = np.quantile(finite, [0.25, 0.5, 0.75])
    spread = float(finite.std(ddof=1)) if np.ptp(finite) > 0 else 0.0
    mean = float(finite.mean() if spread else finite[0])
    return Summary(len(finite), failed, mean, spread, float(low), float(high), *quartiles[[1, 0, 2]].tolist())


# The acceleration divides by cubes of differences, which vanish below this.
_LEAST_SPREAD = 1e-100


def bootstrap_interval(
    values: NDArray[np.float64],
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds [...] of the means of samples [..., n] (Efron 1987, bias-corrected and accelerated).

    Of samples of two values, such as right and wrong, a resample is a binomial draw, and bounds are percentiles.
    Equal values have an interval of no width.
    """
    from scipy.stats import bootstrap

    first, last = values.min(axis=-1), values.max(axis=-1)
    if values.ndim == 1 and 0 < last - first < _LEAST_SPREAD:
        return first, last
    if values.ndim == 1 and ((values == first) | (values == last)).all():
        share = (values == last).mean()
        found = rng.binomial(len(values), share, resamples) / len(values)
        bounds = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
        return tuple(first + (last - first) * bounds)
    found = bootstrap(
        (values,),
        np.mean,
        vectorized=True,
        axis=-1,
        n_resamples=resamples,
        batch=max(1, _BATCH_VALUES // values.size),
        confidence_level=confidence,
        method="BCa",
        rng=rng,
    ).confidence_interval
    return found.low, found.high


def compare(first: ArrayLike, second: ArrayLike) -> Difference:
    """Mann-Whitney's test of two independent samples. Values that are not finite rank below all others."""
    from scipy.stats import mannwhitneyu

    one, two = (np.where(np.isfinite(values), values, -np.inf) for values in map(np.asarray, (first, second)))
    same = len(np.unique(np.concatenate([one, two]))) == 1
    pairs = len(one) * len(two)
    if same:  # all ranks are equal, so the test's variance is 0
        return Difference(pairs / 2, 1.0, 0.5, 0.0)
    found = mannwhitneyu(one, two, alternative="two-sided")
    superiority = float(found.statistic) / pairs
    return Difference(float(found.statistic), float(found.pvalue), superiority, 2 * superiority - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several tests, in their order (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(np.asarray(p_values, np.float64)[order] * factors))
    return adjusted.tolist()
