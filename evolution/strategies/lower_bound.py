"""Age-fitness with scores that discount luck.

A genome's score is a lower bound on its return, given all its rollouts. Late in a search, the luck in a few rollouts
varies more than genomes do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import LowerBoundConfig, SearchConfig
from evolution.strategies.age_fitness import AgeFitness
from evolution.strategies.strategy import Cohort


class LowerBound(AgeFitness):
    """Scores are lifetime means minus ``confidence`` standard errors and ``risk`` standard deviations."""

    gathers = True

    def __init__(self, config: SearchConfig) -> None:
        super().__init__(config)
        self._bound = self.settings_of(config)

    @classmethod
    def settings_of(cls, config: SearchConfig) -> LowerBoundConfig:
        return config.lower_bound or LowerBoundConfig()

    def score(self, cohort: Cohort) -> NDArray[np.float64]:
        return cohort.life.mean - self._doubt(cohort)

    def peak(self, cohort: Cohort) -> NDArray[np.float64]:
        return cohort.life.weight_means.max(axis=1) - self._doubt(cohort)

    def _doubt(self, cohort: Cohort) -> NDArray[np.float64]:
        """Confidence in standard errors of the mean, which shrink with more rollouts, and risk in deviations."""
        bound, life = self._bound, cohort.life
        doubt = bound.confidence * life.standard_error(bound.prior_rollouts)
        return doubt + bound.risk * life.deviation(bound.prior_rollouts) if bound.risk else doubt
