"""The choice of the shared weights that a widget shows: a few informative ones."""

from __future__ import annotations

import numpy as np

from configs.schema import PUBLISHED_WEIGHTS
from wann.champion import Champion


def thinned(weights: tuple[float, ...], most: int) -> list[float]:
    """At most ``most`` of the weights, evenly by rank, ascending, including the least and the greatest."""
    ordered = sorted(set(weights))
    if len(ordered) <= most:
        return ordered
    return [ordered[round(place)] for place in np.linspace(0, len(ordered) - 1, most)]


def sweep_of(champion: Champion, most: int = 8) -> list[float]:
    """The weights that the champion was swept over, with the published sweep added if they are too few."""
    swept = champion.weights if len(set(champion.weights)) >= 4 else (*champion.weights, *PUBLISHED_WEIGHTS)
    return thinned(swept, most)


def telling_weights(champion: Champion, first: float | None, count: int) -> list[float]:
    """Up to ``count`` weights, the first one first: ends of the champion's sweep, then published ones, far apart."""
    ends = thinned(champion.weights, 2)
    chosen = [] if first is None else [first]
    for candidates in (ends, PUBLISHED_WEIGHTS):
        left = [weight for weight in candidates if weight not in chosen]
        while left and len(chosen) < count:
            farthest = max(left, key=lambda weight: min((abs(weight - other) for other in chosen), default=0.0))
            chosen.append(farthest)
            left.remove(farthest)
    return chosen
