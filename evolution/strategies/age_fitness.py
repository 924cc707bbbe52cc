"""Age-fitness Pareto optimisation (Schmidt & Lipson 2010).

Young lineages compete with their peers, so the search keeps restarting beside its best genomes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import AgeFitnessConfig, SearchConfig
from evolution.strategies.strategy import Cohort, PopulationStrategy


class AgeFitness(PopulationStrategy):
    """Newborns in every generation, ranked by score and youth, for ``age_generations``; then refinement."""

    def __init__(self, config: SearchConfig) -> None:
        super().__init__(config)
        self._settings = self.settings_of(config)

    @classmethod
    def settings_of(cls, config: SearchConfig) -> AgeFitnessConfig:
        return config.age_fitness or AgeFitnessConfig()

    def score(self, cohort: Cohort) -> NDArray[np.float64]:
        """The lifetime mean: elites are evaluated anew in each generation, and their average is less lucky."""
        return cohort.life.mean

    def starts_anew(self, generation: int) -> bool:
        limit = self._settings.age_generations
        return limit is None or generation < limit

    def num_newborn(self, generation: int) -> int:
        return self._settings.num_newborn(self.config.population) if self.starts_anew(generation) else 0
