"""Two-sample tests of two simulators' returns for equality. They give p-values over leading axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats


def kolmogorov_smirnov(a: NDArray, b: NDArray) -> NDArray:
    """Two samples [..., n]: no difference between the distributions, as large a distance by chance (asymptotic)."""
    n = a.shape[-1]
    both = np.concatenate([a, b], axis=-1)
    order = np.argsort(both, axis=-1, kind="stable")
    values = np.take_along_axis(both, order, -1)
    difference = np.cumsum(np.where(order < n, 1, -1), axis=-1) / n
    # Equal values are one step of both distributions.
    last = np.concatenate([values[..., 1:] != values[..., :-1], np.ones_like(values[..., :1], bool)], axis=-1)
    distance = np.where(last, np.abs(difference), 0).max(axis=-1)
    return special.kolmogorov(distance * np.sqrt(n / 2))


def fisher(p_values: NDArray) -> NDArray:
    """All of [..., K] independent hypotheses hold."""
    statistic = -2 * np.log(np.maximum(p_values, 1e-300)).sum(axis=-1)
    return stats.chi2.sf(statistic, 2 * p_values.shape[-1])


def mean_difference(a: NDArray, b: NDArray) -> NDArray:
    """Means of K pairs of samples [..., K, n] differ by nothing, on average over standardised differences."""
    spread = np.sqrt((a.var(axis=-1, ddof=1) + b.var(axis=-1, ddof=1)) / 2)
    standardised = (a.mean(axis=-1) - b.mean(axis=-1)) / spread
    return 2 * stats.norm.sf(np.abs(standardised.mean(axis=-1)) * np.sqrt(a.shape[-1] * a.shape[-2] / 2))


def fall_difference(a: NDArray, b: NDArray) -> NDArray:
    """Equal shares of falls in K pairs of samples [..., K, n] (Mantel and Haenszel's statistic)."""
    n = a.shape[-1]
    share = (a.mean(axis=-1) + b.mean(axis=-1)) / 2
    variance = (share * (1 - share) * n * n * 2 / (2 * n - 1) / 2).sum(axis=-1)
    excess = (a.sum(axis=-1) - b.sum(axis=-1)).sum(axis=-1) / 2
    return 2 * stats.norm.sf(np.abs(excess) / np.sqrt(np.maximum(variance, 1e-9)))


def p_values(a: NDArray, b: NDArray) -> dict[str, NDArray]:
    """P-values of K pairs of samples [..., K, n], of each test times the number of hypotheses that it shares."""
    one_by_one = kolmogorov_smirnov(a, b)
    return {
        "one by one": one_by_one.min(axis=-1) * one_by_one.shape[-1],
        "fisher": fisher(one_by_one),
        "means": mean_difference(a, b),
    }
