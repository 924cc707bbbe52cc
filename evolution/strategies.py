"""Strategies: what makes one genome better than another.

A strategy turns a cohort's records into scores and objectives; ranking, selection, mutation and the
checkpoint are the same for all and live in `evolution.search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cohort:
    """What is known of P genomes after their evaluation in one generation.

    A genome's "mean" is its mean over weights of the mean return over rollouts; its "max" the best mean
    return of a single weight. Failed genomes carry NaN.
    """

    mean_return: NDArray[np.float64]  # [P] this generation
    max_return: NDArray[np.float64]  # [P] this generation
    return_sum: NDArray[np.float64]  # [P] sum of mean_return over all generations that the genome lived
    num_scores: NDArray[np.int64]  # [P] how many those are
    age: NDArray[np.int64]  # [P] generations since its oldest ancestor was made from nothing
    num_enabled: NDArray[np.int64]  # [P]

    @property
    def simplicity(self) -> NDArray[np.float64]:
        """The published complexity objective: 1 / number of enabled connections, 0 counting as 1."""
        return 1 / np.maximum(self.num_enabled, 1)


@dataclass(frozen=True)
class Strategy:
    """``score`` gives [P] (larger is better), the ranking of candidates for champion; ``objectives``
    gives [P, 2] from the cohort, the scores and whether complexity counts in this generation.
    """

    score: Callable[[Cohort], NDArray[np.float64]]
    objectives: Callable[[Cohort, NDArray[np.float64], bool], NDArray[np.float64]]
    makes_newborns: bool


def current_mean(cohort: Cohort) -> NDArray[np.float64]:
    return cohort.mean_return


def lifetime_mean(cohort: Cohort) -> NDArray[np.float64]:
    """Elites are evaluated again each generation on fresh episodes: their average is less lucky."""
    return cohort.return_sum / cohort.num_scores


def published_objectives(cohort: Cohort, score: NDArray[np.float64], complexity: bool) -> NDArray[np.float64]:
    """Gaier & Ha 2019: mean return and complexity, or mean return and the best weight's return."""
    return np.column_stack([score, cohort.simplicity if complexity else cohort.max_return])


def age_fitness_objectives(cohort: Cohort, score: NDArray[np.float64], complexity: bool) -> NDArray[np.float64]:
    """Schmidt & Lipson 2010, age-fitness Pareto: score and youth; in some generations complexity instead.

    Young lineages compete with their peers only, so the search keeps restarting beside its best.
    """
    return np.column_stack([score, cohort.simplicity if complexity else -cohort.age])


STRATEGIES: dict[str, Strategy] = {
    "published": Strategy(current_mean, published_objectives, makes_newborns=False),
    "age_fitness": Strategy(lifetime_mean, age_fitness_objectives, makes_newborns=True),
}
