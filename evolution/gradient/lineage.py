"""One line of descent of a gradient-informed search: its newest parents and their children."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import GradientConfig
from evolution.gradient.growth import Probed, Proposals, probed
from wann.genome import Genome
from wann.gradients import GradientRequest, Gradients
from wann.population import Population, concatenate

# Connections to remove are drawn from this many times as many least harmful ones.
_SPARE_CHOICE = 2


class Lineage:
    """A parent that is replaced by its best child.

    Args:
        hall: the newest parents. The last one breeds.
        edits: proposals per child. It follows the number that winning children had.
    """

    def __init__(self, hall: Population, edits: float) -> None:
        self.hall, self.edits = hall, edits
        self._probed: Probed
        self._children: Population
        self._sizes: list[int]

    @property
    def parent(self) -> Genome:
        return self.hall[-1]

    def copy(self) -> Lineage:
        """A lineage that starts from the current state of this one."""
        return Lineage(self.hall, self.edits)

    def probe(self, settings: GradientConfig, palette: NDArray[np.int8], rng: np.random.Generator) -> GradientRequest:
        """Request the effect of every possible edit of the parent, including random new units."""
        self._probed = probed(self.parent, settings.probes, palette, settings.equal_paths, rng)
        return GradientRequest(self._probed.genome, self._probed.pairs())

    def breed(
        self, found: Gradients, settings: GradientConfig, max_connections: int | None, rng: np.random.Generator
    ) -> Population:
        """The parent, and children with random subsets of the best proposals. The subsets have half the size that the
        last winner had, the same size, and twice the size."""
        proposals = self._probed.proposals(found)
        edits = max(1, round(self.edits))
        listed = min(len(proposals), max(4 * edits, settings.shortlist))
        children, self._sizes = [], []
        for index in range(settings.children if listed else 0):
            size = max(1, round(edits * (0.5, 1, 2)[index % 3]))
            chosen = rng.permutation(listed)[:size]
            child = self._child(proposals, chosen, max_connections, rng)
            if child is not None:
                children.append(child)
                self._sizes.append(len(chosen))
        self._children = Population.of([self.parent, *children])
        return self._children

    def _child(
        self, proposals: Proposals, chosen: NDArray[np.int64], limit: int | None, rng: np.random.Generator
    ) -> Genome | None:
        """A child that removes as few of the least harmful connections as the limit requires; None if impossible."""
        given_up = np.zeros(0, np.int64)
        while True:
            child = self._probed.child(proposals, chosen, given_up)
            excess = 0 if limit is None else child.num_enabled - limit
            if excess <= 0:
                return child
            count = len(given_up) + excess
            if count >= len(proposals.spare):
                return None
            given_up = rng.permutation(min(len(proposals.spare), _SPARE_CHOICE * count))[:count]

    def choose(self, scores: NDArray[np.float64], hall_size: int) -> int:
        """Make the best of the parent (row 0) and children, by scores [1 + children], the parent; return its row."""
        best = int(np.argmax(scores))
        if best == 0:
            self.edits = max(1.0, 0.8 * self.edits)
            return best
        kept = np.arange(max(0, len(self.hall) + 1 - hall_size), len(self.hall))
        self.hall = concatenate([self.hall.take(kept), self._children.take([best])])
        self.edits = 0.8 * self.edits + 0.25 * self._sizes[best - 1]
        return best
