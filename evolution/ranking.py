"""Ranking by objectives: non-dominated sorting and crowding distance.

NSGA-II (Deb et al. 2002) for two objectives, both larger-is-better. The crowding distance is normalised
by the range of each objective within the front, (max - min); the released research code divides by
abs(1/max - min) instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sort_into_fronts(objectives: NDArray[np.float64]) -> NDArray[np.int64]:
    """Front index of each genome [P], 0 for the non-dominated ones.

    A sweep in descending order of the first objective places each point in the first front that does
    not dominate it, found by bisection (fronts dominate in order), so P log P comparisons in all.

    Args:
        objectives: [P, 2], larger is better. Rows with a value that is not finite (failed genomes) form
            the last front.
    """
    failed = _failed(objectives)
    front = np.zeros(len(objectives), np.int64)
    tails: list[tuple[float, float]] = []  # per front: its largest second objective, and that point's first
    order = np.lexsort((-objectives[:, 1], -objectives[:, 0]))
    rows = objectives[order].tolist()
    for index, (first, second) in zip(order.tolist(), rows, strict=True):
        if failed[index]:
            continue
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            tail_second, tail_first = tails[middle]
            if tail_second > second or (tail_second == second and tail_first > first):
                low = middle + 1
            else:
                high = middle
        front[index] = low
        if low == len(tails):
            tails.append((second, first))
        elif second > tails[low][0]:
            tails[low] = (second, first)
    front[failed] = len(tails)
    return front


def crowding_distance(objectives: NDArray[np.float64], front: NDArray[np.int64]) -> NDArray[np.float64]:
    """Crowding distance [P] of each genome within its front; infinite at the front's ends.

    Sum over objectives of the gap between a point's two neighbours, in units of the front's range. An objective without
    range in a front adds nothing and has no infinite ends.

    Args:
        objectives: [P, M], finite.
        front: [P] from `sort_into_fronts`.
    """
    distance = np.zeros(len(objectives))
    for values in objectives.T:
        order = np.lexsort((values, front))
        ranked, fronts = values[order], front[order]
        starts = np.flatnonzero(np.r_[True, fronts[1:] != fronts[:-1]])
        ends = np.r_[starts[1:], len(order)] - 1
        span = np.repeat(ranked[ends] - ranked[starts], ends - starts + 1)
        gap = np.full(len(order), np.inf)
        gap[1:-1] = ranked[2:] - ranked[:-2]
        gap[starts] = gap[ends] = np.inf
        with np.errstate(invalid="ignore", divide="ignore"):
            distance[order] += np.where(span > 0, gap / span, 0)
    return distance


def rank(objectives: NDArray[np.float64], violation: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Indices [P] from best to worst: by violation, then front, then crowding distance, then index.

    Args:
        objectives: [P, 2], larger is better.
        violation: [P] amount by which a genome breaks a constraint, 0 for those that keep it. Genomes that keep it rank
            before all others (Deb's constrained domination).
    """
    front = sort_into_fronts(objectives)
    finite = np.where(_failed(objectives)[:, None], 0, objectives)
    keys = (-crowding_distance(finite, front), front)
    return np.lexsort(keys if violation is None else (*keys, violation))


def rank_newest_first(objectives: NDArray[np.float64], violation: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """`rank`, but of equal genomes the last comes first: in a population those are newborns, children, elites."""
    backwards = rank(objectives[::-1], None if violation is None else violation[::-1])
    return len(objectives) - 1 - backwards


def _failed(objectives: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.logical_or.reduce(~np.isfinite(objectives), axis=1)
