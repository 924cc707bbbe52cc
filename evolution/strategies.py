"""Strategies: what makes one genome better than another.

A strategy turns a cohort's records into scores and objectives; ranking, selection, mutation and the
checkpoint are the same for all and live in `evolution.search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.schema import SearchConfig


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


# What a ranking weighs against the score; larger is better.
SECOND_OBJECTIVES: dict[str, Callable[[Cohort], NDArray[np.float64]]] = {
    "simplicity": lambda cohort: cohort.simplicity,
    "max_return": lambda cohort: cohort.max_return,
    "youth": lambda cohort: -cohort.age.astype(np.float64),
}


@dataclass(frozen=True)
class Strategy:
    """How genomes are scored and ranked.

    ``score`` gives [P], larger is better: the first objective, and what candidates for champion are
    remembered by. ``starts_anew`` says whether a generation makes newborns and ranks by score and youth;
    if not, it ranks by score and best-weight return, as published.
    """

    score: Callable[[Cohort], NDArray[np.float64]]
    starts_anew: Callable[[SearchConfig, int], bool]


def current_mean(cohort: Cohort) -> NDArray[np.float64]:
    """As published: elites are judged by this generation's episodes alone."""
    return cohort.mean_return


def lifetime_mean(cohort: Cohort) -> NDArray[np.float64]:
    """Elites are evaluated again each generation on fresh episodes: their average is less lucky."""
    return cohort.return_sum / cohort.num_scores


def never(config: SearchConfig, generation: int) -> bool:
    return False


def in_first_generations(config: SearchConfig, generation: int) -> bool:
    return config.age_generations is None or generation < config.age_generations


def objectives(
    strategy: Strategy, config: SearchConfig, generation: int, cohort: Cohort, draw: float
) -> NDArray[np.float64]:
    """[P, 2]: the score and, as the uniform ``draw`` says, simplicity or the strategy's own second objective."""
    if draw < config.complexity_probability:
        second = "simplicity"
    else:
        second = "youth" if strategy.starts_anew(config, generation) else "max_return"
    return np.column_stack([strategy.score(cohort), SECOND_OBJECTIVES[second](cohort)])


STRATEGIES: dict[str, Strategy] = {
    # Gaier & Ha 2019: mean return and complexity, or mean return and the best weight's return.
    "published": Strategy(current_mean, never),
    # Schmidt & Lipson 2010, age-fitness Pareto: young lineages compete with their peers, so the search
    # keeps restarting beside its best; after `search.age_generations` it refines what it has.
    "age_fitness": Strategy(lifetime_mean, in_first_generations),
}
