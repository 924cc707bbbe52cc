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
from evolution.records import Records


@dataclass(frozen=True)
class Cohort:
    """What is known of P genomes after their evaluation in one generation. Failed genomes carry NaN."""

    now: Records  # this generation's rollouts
    life: Records  # those of all generations that the genome lived
    age: NDArray[np.int64]  # [P] generations since its oldest ancestor was made from nothing
    num_enabled: NDArray[np.int64]  # [P]

    @property
    def simplicity(self) -> NDArray[np.float64]:
        """The published complexity objective: 1 / number of enabled connections, 0 counting as 1."""
        return 1 / np.maximum(self.num_enabled, 1)


@dataclass(frozen=True)
class Strategy:
    """How genomes are scored and ranked.

    Scores are [P], larger is better. ``score`` is the first objective, and what candidates for champion are
    remembered by; ``peak`` is the same for a genome's best weight. ``starts_anew`` says whether a generation
    makes newborns and ranks by score and youth; if not, it ranks by score and peak, as published.
    ``gathers`` says whether scores, and the figures of a generation, rest on all rollouts of a genome's life.
    """

    score: Callable[[Cohort, SearchConfig], NDArray[np.float64]]
    peak: Callable[[Cohort, SearchConfig], NDArray[np.float64]]
    starts_anew: Callable[[SearchConfig, int], bool]
    gathers: bool = False

    def records(self, cohort: Cohort) -> Records:
        """What the figures of a generation are taken from."""
        return cohort.life if self.gathers else cohort.now


def current_mean(cohort: Cohort, config: SearchConfig) -> NDArray[np.float64]:
    """As published: elites are judged by this generation's episodes alone."""
    return cohort.now.mean


def current_peak(cohort: Cohort, config: SearchConfig) -> NDArray[np.float64]:
    """As published: the best mean return of a single weight."""
    return cohort.now.weight_means.max(axis=1)


def lifetime_mean(cohort: Cohort, config: SearchConfig) -> NDArray[np.float64]:
    """Elites are evaluated again each generation on fresh episodes: their average is less lucky."""
    return cohort.life.mean


def lower_bound(cohort: Cohort, config: SearchConfig) -> NDArray[np.float64]:
    """The lifetime mean less ``search.confidence`` standard errors: what few rollouts have told counts less."""
    return cohort.life.mean - config.confidence * cohort.life.standard_error(config.prior_rollouts)


def lower_bound_of_peak(cohort: Cohort, config: SearchConfig) -> NDArray[np.float64]:
    return cohort.life.weight_means.max(axis=1) - config.confidence * cohort.life.standard_error(config.prior_rollouts)


def never(config: SearchConfig, generation: int) -> bool:
    return False


def in_first_generations(config: SearchConfig, generation: int) -> bool:
    return config.age_generations is None or generation < config.age_generations


def objectives(
    strategy: Strategy, config: SearchConfig, generation: int, cohort: Cohort, draw: float
) -> NDArray[np.float64]:
    """[P, 2]: the score and, as the uniform ``draw`` says, simplicity or the strategy's own second objective."""
    if draw < config.complexity_probability:
        second = cohort.simplicity
    elif strategy.starts_anew(config, generation):
        second = -cohort.age.astype(np.float64)
    else:
        second = strategy.peak(cohort, config)
    return np.column_stack([strategy.score(cohort, config), second])


STRATEGIES: dict[str, Strategy] = {
    # Gaier & Ha 2019: mean return and complexity, or mean return and the best weight's return.
    "published": Strategy(current_mean, current_peak, never),
    # Schmidt & Lipson 2010, age-fitness Pareto: young lineages compete with their peers, so the search
    # keeps restarting beside its best; after `search.age_generations` it refines what it has.
    "age_fitness": Strategy(lifetime_mean, current_peak, in_first_generations),
    # The same, but a genome counts for what all its rollouts have shown for certain: late in a search the luck
    # of few rollouts differs more than genomes do.
    "lower_bound": Strategy(lower_bound, lower_bound_of_peak, in_first_generations, gathers=True),
}
