"""Gradient-informed search: which connections come and go is chosen with the help of gradients; weights never are.

A generation has two rounds. The first asks what every possible edit of each lineage's parent would do to the loss
(`wann.gradients`), also for random new units (`evolution.gradient.growth`). The second scores children, each the
parent with a random few of the most promising edits, on images that no gradient came from; the best one replaces the
parent if it is better there. Of several lineages the worst is given up from time to time, and begins anew from the
best. Called what it is, this stands beside the published search, never for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, GradientConfig, SearchConfig
from evolution.gradient.growth import levels_of
from evolution.gradient.lineage import Lineage
from evolution.mutation.apply import palette_of
from evolution.request import Request, Summary, weights_of
from wann.genome import Genome, minimal_genome
from wann.gradients import Gradients
from wann.network import Networks, compile_population
from wann.population import PACKED, Population, concatenate
from wann.randomness import Purpose, episode_seeds, keyed_rng

# The newest parents, of all lineages, that are remembered as candidates for champion; at least so many of each.
HALL_SIZE, LEAST_OF_EACH = 32, 4


class GradientSearch:
    """A search by lineages; see `evolution.search.Search` for what the arguments and methods are."""

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
        genomes = initial or [_empty(num_inputs, num_outputs)]
        for genome in genomes if self.settings.equal_paths else ():
            levels_of(genome)
        count, edits = self.settings.lineages, float(self.settings.first_edits)
        self.lineages = [Lineage(Population.of([genomes[l % len(genomes)]]), edits) for l in range(count)]
        self.best: Genome | None = None  # of the last generation that is done
        self._networks: Networks | None = None  # parents and children, once these are there
        self._family: NDArray[np.int64]  # [P] lineage of each

    def ask(self) -> Request:
        """The gradients of the parents with their probes, then the scores of the parents and their children."""
        weights = weights_of(self.evaluation, self.seed, self.generation)
        count = self.evaluation.rollouts
        seeds = episode_seeds(self.seed, Purpose.EPISODES, self.generation, 2 * count)
        if self._networks is not None:
            return Request(self._networks, weights, seeds[count:])
        palette = palette_of(self.config.activations)
        asked = [
            lineage.probe(self.settings, palette, self._rng(Purpose.NEWBORN, l))
            for l, lineage in enumerate(self.lineages)
        ]
        parents = Population.of([lineage.parent for lineage in self.lineages])
        return Request(compile_population(parents), weights, seeds[:count], asked)

    def tell(self, found: NDArray[np.float64] | Sequence[Gradients]) -> Summary | None:
        """Take the gradients of each lineage, or the returns [P, W, R], of the last request."""
        if not isinstance(found, np.ndarray):
            families = [
                lineage.breed(own, self.settings, self.config.max_connections, self._rng(Purpose.MUTATION, l))
                for l, (lineage, own) in enumerate(zip(self.lineages, found, strict=True))
            ]
            self._family = np.repeat(np.arange(len(families)), [len(family) for family in families])
            self._networks = compile_population(concatenate(families))
            return None
        networks = self._networks
        assert networks is not None
        means = np.where(np.isfinite(found), found, -np.inf).mean(axis=2)
        scores = means.mean(axis=1)
        self._choose(scores)
        self._networks = None
        self.generation += 1
        best, connections = int(np.argmax(scores)), networks.num_connections()
        self.best = self.lineages[self._family[best]].parent
        return Summary(
            self.generation - 1,
            float(scores[best]),
            float(means[best].max()),
            int(connections[best]),
            float(np.median(connections)),
            len(networks.different()),
            int((~np.isfinite(scores)).sum()),
        )

    def _choose(self, scores: NDArray[np.float64]) -> None:
        """The best of each family breeds next; in every ``renew_every`` generations the worst lineage is renewed."""
        hall_size = max(LEAST_OF_EACH, HALL_SIZE // len(self.lineages))
        reached = []
        for l, lineage in enumerate(self.lineages):
            own = scores[self._family == l]
            reached.append(own[lineage.choose(own, hall_size)])
        worst, best = int(np.argmin(reached)), int(np.argmax(reached))
        if worst != best and (self.generation + 1) % self.settings.renew_every == 0:
            self.lineages[worst] = self.lineages[best].copy()

    def candidates(self) -> Population:
        """The newest parents of every lineage."""
        return concatenate([lineage.hall for lineage in self.lineages])

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """Everything a checkpoint needs: arrays and JSON metadata."""
        arrays = {
            f"lineage{l}.{name}": getattr(lineage.hall, name)
            for l, lineage in enumerate(self.lineages)
            for name in PACKED
        }
        edits = np.array([lineage.edits for lineage in self.lineages])
        return {**arrays, "edits": edits}, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """Become the search that `state` was taken from (same config and seed)."""
        self.generation = metadata["generation"]
        first = self.lineages[0].hall
        shape = first.num_inputs, first.num_outputs
        self.lineages = [
            Lineage(Population(*shape, *(arrays[f"lineage{l}.{name}"] for name in PACKED)), float(edits))
            for l, edits in enumerate(arrays["edits"])
        ]
        self._networks = None

    def _rng(self, purpose: Purpose, lineage: int) -> np.random.Generator:
        """Of one lineage; the first draws what it would draw alone."""
        return keyed_rng(self.seed, purpose, self.generation, *([lineage] if lineage else []))


def _empty(num_inputs: int, num_outputs: int) -> Genome:
    genome = minimal_genome(num_inputs, num_outputs)
    nothing = np.zeros(0, np.int32)
    return Genome(num_inputs, num_outputs, genome.activations, nothing, nothing, nothing.astype(bool))
