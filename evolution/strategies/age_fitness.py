"""Age-fitness Pareto optimisation (Schmidt & Lipson 2010).

Young lineages compete only with lineages of similar age, so the search restarts continually while keeping its best.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import AgeFitnessConfig, NewbornConfig, SearchConfig
from evolution.strategies.strategy import Cohort, PopulationStrategy


class AgeFitness(PopulationStrategy):
    """Adds newborns and ranks by score and youth for ``age_generations`` generations; later generations refine."""

    def __init__(self, config: SearchConfig) -> None:
        super().__init__(config)
        self._settings = self.settings_of(config)

    @classmethod
    def settings_of(cls, config: SearchConfig) -> NewbornConfig:
        return config.age_fitness or AgeFitnessConfig()

    def score(self, cohort: Cohort) -> NDArray[np.float64]:
        """The lifetime mean. Elites are evaluated again in each generation, so their average depends less on luck."""
        settings = self.config.age_fitness
        return cohort.life.mean if settings is None or settings.lifetime else cohort.now.mean

    def starts_anew(self, generation: int) -> bool:
        limit = self._settings.age_generations
        return limit is None or generation < limit

    def num_newborn(self, generation: int) -> int:
        return self._settings.num_newborn(self.config.population) if self.starts_anew(generation) else 0
