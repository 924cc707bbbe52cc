"""The part of a search with a population in which strategies differ.

A strategy turns a cohort's records into scores and objectives. Ranking, selection, mutation and the checkpoint are the
same for all (`evolution.search`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.schema import SearchConfig
from evolution.records import Records


@dataclass(frozen=True)
class Cohort:
    """P genomes after their evaluation in one generation. Failed genomes have NaN."""

    now: Records  # rollouts of this generation
    life: Records  # rollouts of all generations of the genome's life
    age: NDArray[np.int64]  # [P] generations since its oldest ancestor was a newborn
    num_enabled: NDArray[np.int64]  # [P]

    @property
    def simplicity(self) -> NDArray[np.float64]:
        """The published complexity objective: 1 / number of enabled connections, 0 counting as 1."""
        return 1 / np.maximum(self.num_enabled, 1)


class PopulationStrategy:
    """Scores, and the number of newborns of a generation. Scores are [P], larger is better.

    This class implements the published algorithm; others override parts of it.

    Args:
        config: keys of ``search``, with the section of this strategy.
    """

    # If true, scores and the figures of a generation use all rollouts of a genome's life, not only this generation's.
    gathers = False

    def __init__(self, config: SearchConfig) -> None:
        self.config = config

    def score(self, cohort: Cohort) -> NDArray[np.float64]:
        """The first objective. Candidates for champion are chosen by it."""
        return cohort.now.mean

    def peak(self, cohort: Cohort) -> NDArray[np.float64]:
        """The score at a genome's best weight: the second objective of generations without newborns."""
        return cohort.now.weight_means.max(axis=1)

    def starts_anew(self, generation: int) -> bool:
        """True for a generation that makes newborns, and ranks by score and youth instead of score and peak."""
        return False

    def num_newborn(self, generation: int) -> int:
        """Number of minimal genomes that the generation adds."""
        return 0

    def records(self, cohort: Cohort) -> Records:
        """The rollouts behind the figures of a generation."""
        return cohort.life if self.gathers else cohort.now

    def objectives(self, cohort: Cohort, generation: int, draw: float) -> NDArray[np.float64]:
        """Objectives [P, 2]: the score and, by the uniform ``draw``, simplicity or the strategy's second objective."""
        if draw < self.config.complexity_probability:
            second = cohort.simplicity
        elif self.starts_anew(generation):
            second = -cohort.age.astype(np.float64)
        else:
            second = self.peak(cohort)
        return np.column_stack([self.score(cohort), second])
