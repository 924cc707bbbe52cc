"""Selection by rank: culling, elites, and tournaments for parents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Selection:
    """Indices into the ranked population: ``elites`` pass unchanged, ``parents`` (with repeats) breed."""

    elites: NDArray[np.int64]
    parents: NDArray[np.int64]


def select(
    order: NDArray[np.int64],
    num_newborn: int,
    cull_ratio: float,
    elite_ratio: float,
    tournament_size: int,
    rng: np.random.Generator,
) -> Selection:
    """Cull the worst, keep the elites, and fill the rest with winners of tournaments among the survivors.

    Args:
        order: [P] indices from best to worst.
        num_newborn: places reserved for new minimal genomes.
        cull_ratio: share of the population that neither survives nor breeds.
        elite_ratio: share of the survivors that passes unchanged.
        tournament_size: entrants drawn with replacement; the best-ranked wins.
        rng: draws the entrants.
    """
    num_survivors = max(1, len(order) - int(cull_ratio * len(order)))
    survivors = order[:num_survivors]
    elites = survivors[: int(elite_ratio * num_survivors)]
    num_children = len(order) - len(elites) - num_newborn
    entrants = rng.integers(num_survivors, size=(num_children, tournament_size))
    return Selection(elites, survivors[entrants.min(axis=1)])
