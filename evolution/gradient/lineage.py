"""One line of descent of a gradient-informed search: its newest parents and their children."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import GradientConfig
from evolution.gradient.growth import Probed, Proposals, probed
from wann.genome import Genome
from wann.gradients import GradientRequest, Gradients
from wann.population import Population, concatenate

# Connections to give up are drawn among this many times as many least harmful ones.
_SPARE_CHOICE = 2


class Lineage:
    """A parent that its children replace.

    Args:
        hall: the newest parents, the last one breeds.
        edits: proposals that a child takes: about as many as children that won had.
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
        """A line that begins where this one is."""
        return Lineage(self.hall, self.edits)

    def probe(self, settings: GradientConfig, palette: NDArray[np.int8], rng: np.random.Generator) -> GradientRequest:
        """Ask for the effect of every possible edit of the parent, random new units included."""
        self._probed = probed(self.parent, settings.probes, palette, settings.equal_paths, rng)
        return GradientRequest(self._probed.genome, self._probed.pairs())

    def breed(
        self, found: Gradients, settings: GradientConfig, max_connections: int | None, rng: np.random.Generator
    ) -> Population:
        """The parent, and children with random subsets of the best proposals: half as many as the last that won had,
        as many, and twice as many."""
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
        """A child that gives up as few least harmful connections as the limit asks for; None if it cannot keep it."""
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
        """Let the best of the parent (row 0) and the children, by scores [1 + children], be the parent; its row."""
        best = int(np.argmax(scores))
        if best == 0:
            self.edits = max(1.0, 0.8 * self.edits)
            return best
        kept = np.arange(max(0, len(self.hall) + 1 - hall_size), len(self.hall))
        self.hall = concatenate([self.hall.take(kept), self._children.take([best])])
        self.edits = 0.8 * self.edits + 0.25 * self._sizes[best - 1]
        return best
