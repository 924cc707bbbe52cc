"""Gradient-informed search: which connections come and go is chosen with the help of gradients; weights never are.

One lineage. A generation has two rounds. The first asks what every possible edit of the parent would do to the loss
(`wann.gradients`), also for random new units (`evolution.growth`). The second scores children, each the parent with a
random few of the most promising edits, on images that no gradient came from; the best one replaces the parent if
it is better there. Called what it is, this stands beside the published search, never for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, GradientConfig, SearchConfig
from evolution.growth import Probed, Proposals, levels_of, probed
from evolution.mutation import palette_of
from evolution.randomness import Purpose, episode_seeds, keyed_rng
from evolution.request import GradientRequest, Request, Summary, weights_of
from wann.genome import Genome, minimal_genome
from wann.gradients import Gradients
from wann.network import Networks, compile_population
from wann.population import PACKED, Population, concatenate

# The newest parents that are remembered as candidates for champion.
HALL_SIZE = 32


class GradientSearch:
    """A search from one genome; see `evolution.search.Search` for what the arguments and methods are."""

    def __init__(
        self,
        config: SearchConfig,
        evaluation: EvaluationConfig,
        seed: int,
        num_inputs: int,
        num_outputs: int,
        initial: list[Genome] | None = None,
    ) -> None:
        self.config, self.evaluation, self.seed = config, evaluation, seed
        self.settings = config.gradient or GradientConfig()
        self.generation = 0
        genome = (initial or [_empty(num_inputs, num_outputs)])[0]
        if self.settings.equal_paths:
            levels_of(genome)
        self.hall = Population.of([genome])
        self._edits = float(self.settings.first_edits)
        self._probed: Probed | None = None
        self._children: Population | None = None
        self._sizes: NDArray[np.int64]
        self._networks: Networks

    def ask(self) -> Request:
        """The gradients of the parent with its probes, then the scores of the parent and its children."""
        weights = weights_of(self.evaluation, self.seed, self.generation)
        count = self.evaluation.rollouts
        seeds = episode_seeds(self.seed, Purpose.EPISODES, self.generation, 2 * count)
        if self._children is None:
            rng = keyed_rng(self.seed, Purpose.NEWBORN, self.generation)
            palette = palette_of(self.config.activations)
            self._probed = probed(self._parent, self.settings.probes, palette, self.settings.equal_paths, rng)
            wanted = GradientRequest(self._probed.genome, self._probed.pairs())
            return Request(compile_population(Population.of([self._parent])), weights, seeds[:count], wanted)
        return Request(self._networks, weights, seeds[count:])

    def tell(self, found: NDArray[np.float64] | Gradients) -> Summary | None:
        """Take the gradients, or the returns [1 + children, W, R], of the last request."""
        if isinstance(found, Gradients):
            assert self._probed is not None
            self._make_children(self._probed, self._probed.proposals(found))
            return None
        means = np.where(np.isfinite(found), found, -np.inf).mean(axis=2)
        scores = means.mean(axis=1)
        best = int(np.argmax(scores))
        assert self._children is not None
        if best > 0:
            kept = np.arange(max(0, len(self.hall) + 1 - HALL_SIZE), len(self.hall))
            self.hall = concatenate([self.hall.take(kept), self._children.take([best])])
            self._edits = 0.8 * self._edits + 0.25 * float(self._sizes[best - 1])
        else:
            self._edits = max(1.0, 0.8 * self._edits)
        connections = self._networks.num_connections()
        summary = Summary(
            self.generation,
            float(scores[best]),
            float(means[best].max()),
            int(connections[best]),
            float(np.median(connections)),
            len(self._networks.different()),
            int((~np.isfinite(scores)).sum()),
        )
        self._children = None
        self.generation += 1
        return summary

    def candidates(self) -> Population:
        """The newest parents."""
        return self.hall

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """Everything a checkpoint needs: arrays and JSON metadata."""
        arrays = {f"hall.{name}": getattr(self.hall, name) for name in PACKED}
        return {**arrays, "edits": np.array([self._edits])}, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """Become the search that `state` was taken from (same config and seed)."""
        self.generation, self._edits = metadata["generation"], float(arrays["edits"][0])
        shape = self.hall.num_inputs, self.hall.num_outputs
        self.hall = Population(*shape, *(arrays[f"hall.{name}"] for name in PACKED))
        self._children = None

    @property
    def _parent(self) -> Genome:
        return self.hall[-1]

    def _make_children(self, parent: Probed, proposals: Proposals) -> None:
        """Random subsets of the best proposals: half as many as the last that won had, as many, and twice as many."""
        edits = max(1, round(self._edits))
        listed = min(len(proposals), max(4 * edits, self.settings.shortlist))
        rng = keyed_rng(self.seed, Purpose.MUTATION, self.generation)
        children = []
        sizes = []
        for index in range(self.settings.children if listed else 0):
            size = max(1, round(edits * (0.5, 1, 2)[index % 3]))
            chosen = rng.permutation(listed)[:size]
            child = parent.child(proposals, chosen)
            if self.config.max_connections is None or child.num_enabled <= self.config.max_connections:
                children.append(child)
                sizes.append(len(chosen))
        self._sizes = np.array(sizes, np.int64)
        self._children = Population.of([self._parent, *children])
        self._networks = compile_population(self._children)


def _empty(num_inputs: int, num_outputs: int) -> Genome:
    genome = minimal_genome(num_inputs, num_outputs)
    nothing = np.zeros(0, np.int32)
    return Genome(num_inputs, num_outputs, genome.activations, nothing, nothing, nothing.astype(bool))
