"""One generation's evaluation: every different program once, then heats for the best ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, HeatConfig
from evolution.records import Records
from wann.network import Networks, compile_population
from wann.population import Population
from wann.randomness import Purpose, episode_seeds


class Race:
    """Heats of one generation. Copies of a program run once.

    Args:
        population: P genomes.
        evaluation: rollouts of the first heat, and the heats that follow.
        weights: [W] of this generation.
        seed: the run's.
        generation: keys the seeds of the episodes.
    """

    def __init__(
        self,
        population: Population,
        evaluation: EvaluationConfig,
        weights: NDArray[np.float64],
        seed: int,
        generation: int,
    ) -> None:
        self.networks = compile_population(population)  # [P]
        self.weights = weights
        self._evaluation, self._key = evaluation, (seed, generation)
        _, self._first_of, self._program_of = np.unique(self.networks.hashes, return_index=True, return_inverse=True)
        self._heats = [HeatConfig(share=1.0, rollouts=evaluation.rollouts), *evaluation.race]
        self._heat = 0
        self._racing = np.arange(self.num_programs)  # rows of the different programs in this heat
        self._failed = np.zeros(self.num_programs, bool)
        self._now = Records.empty(self.num_programs, len(weights))

    @property
    def num_programs(self) -> int:
        """Number of different programs, P'."""
        return len(self._first_of)

    @property
    def num_failed(self) -> int:
        """Number of genomes with a return that is not finite."""
        return int(self._failed[self._program_of].sum())

    @property
    def records(self) -> Records:
        """[P] rollouts of each genome in this generation."""
        return self._now.take(self._program_of)

    def heat(self) -> tuple[Networks, NDArray[np.int64]]:
        """Programs [P'] of the current heat, and its seeds, [R] or [W, R], which no other heat uses."""
        rollouts = [heat.rollouts for heat in self._heats]
        begin = sum(rollouts[: self._heat])
        seeds = self._seeds(sum(rollouts))[..., begin : begin + rollouts[self._heat]]
        return self.networks.take(self._first_of[self._racing]), seeds

    def take(self, returns: NDArray[np.float64], leaders: Callable[[], NDArray[np.int64]]) -> bool:
        """Take the returns of the current heat.

        Args:
            returns: [P', W, R].
            leaders: gives the genomes that have run, best first. It is called where a heat follows.

        Returns:
            False while another heat follows.

        Raises:
            ValueError: an array of another shape.
        """
        expected = len(self._racing), len(self.weights), self._heats[self._heat].rollouts
        if np.shape(returns) != expected:
            raise ValueError(f"expected returns [P, W, R] = {list(expected)}, found {list(np.shape(returns))}")
        found = Records.of(np.where(np.isfinite(returns), returns, np.nan))
        self._failed[self._racing] |= np.isnan(found.mean)
        self._now = self._now.added(self._racing, found)
        self._heat += 1
        if self._heat == len(self._heats):
            return True
        wanted = max(1, round(self._heats[self._heat].share * self.num_programs))
        self._racing = np.sort(self._program_of[leaders()][:wanted])
        return not len(self._racing)

    def _seeds(self, rollouts: int) -> NDArray[np.int64]:
        """All seeds of this generation, [R] or [W, R]."""
        seed, generation = self._key
        if self._evaluation.rollout_seeds == "shared":
            return episode_seeds(seed, Purpose.EPISODES, generation, rollouts)
        seeds = episode_seeds(seed, Purpose.EPISODES, generation, rollouts * len(self.weights))
        return seeds.reshape(len(self.weights), rollouts)
