"""The hall of fame: genomes remembered from earlier generations as candidates for champion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.network import Networks, compile_population
from wann.population import Population, concatenate

HALL_SIZE = 64


class Hall:
    """The best-scored different programs of all generations, best first.

    Args:
        empty: a population without genomes that has the search's inputs and outputs.
    """

    def __init__(self, empty: Population) -> None:
        self.members = empty
        self._scores = np.zeros(0)
        self._hashes = np.zeros(0, np.uint64)

    def remember(self, population: Population, networks: Networks, scores: NDArray[np.float64]) -> None:
        """Add the best genome of a generation. If scores are equal, the newest comes first.

        Args:
            population: P genomes.
            networks: their programs.
            scores: [P], larger is better; NaN or -inf for a genome that is not eligible.
        """
        eligible = np.where(np.isnan(scores), -np.inf, scores)
        top = int(np.argmax(eligible))
        if eligible[top] == -np.inf:
            return
        others = np.flatnonzero(self._hashes != networks.hashes[top])
        merged = np.r_[scores[top], self._scores[others]]
        kept = np.argsort(-merged, kind="stable")[:HALL_SIZE]
        members = concatenate([population.take([top]), self.members.take(others)])
        hashes = np.r_[networks.hashes[top], self._hashes[others]]
        self.members, self._scores, self._hashes = members.take(kept), merged[kept], hashes[kept]

    def state(self) -> dict[str, NDArray]:
        """Arrays for a checkpoint."""
        return {**self.members.to_arrays("hall."), "hall_scores": self._scores}

    def restore(self, arrays: dict[str, NDArray]) -> None:
        """Restore the hall from the arrays of `state`."""
        shape = self.members.num_inputs, self.members.num_outputs
        self.members = Population.from_arrays(*shape, arrays, "hall.")
        self._scores = arrays["hall_scores"]
        self._hashes = compile_population(self.members).hashes
