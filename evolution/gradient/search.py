"""Gradient-informed search: gradients help to choose the connections to add and remove. Weights are never trained.

A generation has two rounds. The first asks for the effect of every possible edit of each lineage's parent on the loss
(`wann.gradients`), including random new units (`evolution.gradient.growth`). The second scores children on images that
were not used for gradients. Each child is the parent with a few of the best proposals, chosen at random. The best child
replaces the parent if it is better on these images. From time to time the worst of several lineages restarts from the
best. This is not the published search. Its results are reported separately, never as those of the published search.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from configs.schema import GradientConfig
from evolution.gradient.growth import levels_of
from evolution.gradient.lineage import Lineage
from evolution.mutation.apply import palette_of
from evolution.protocol import Found, Outstanding, Request, RequestForGradients, Setting, Summary
from wann.genome import Genome, minimal_genome
from wann.gradients import Gradients
from wann.network import Networks, compile_population
from wann.population import Population, concatenate
from wann.randomness import Purpose, episode_seeds, keyed_rng

# Number of newest parents, of all lineages, that are kept as candidates for champion; and the minimum of each lineage.
HALL_SIZE, LEAST_OF_EACH = 32, 4


class GradientSearch:
    """A search by lineages; see `evolution.protocol.AskTell` for the methods.

    Raises:
        ValueError: with ``equal_paths``, an initial genome has paths of other lengths.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.config = setting.config
        self.settings = setting.config.gradient_informed or GradientConfig()
        self.generation = 0
        genomes = list(setting.initial) or [_empty(setting.num_inputs, setting.num_outputs)]
        for genome in genomes if self.settings.equal_paths else ():
            levels_of(genome)
        count, edits = self.settings.lineages, float(self.settings.first_edits)
        self.lineages = [Lineage(Population.of([genomes[l % len(genomes)]]), edits) for l in range(count)]
        self.best: Genome | None = None  # of the last finished generation
        self._outstanding = Outstanding()
        self._networks: Networks | None = None  # parents and children, once the children are bred
        self._family: NDArray[np.int64]  # [P] lineage of each

    def ask(self) -> Request:
        """Ask for the gradients of the parents with probes, then for the scores of the parents and their children."""
        return self._outstanding.ask(self._request)

    def tell(self, found: Found) -> Summary | None:
        """Take the gradients of each lineage, or the returns [P, W, R], of the last request."""
        request = self._outstanding.expect()
        if isinstance(request, RequestForGradients):
            self._breed(cast(Sequence[Gradients], found))
            self._outstanding.done()
            return None
        returns = np.asarray(found)
        expected = len(request.networks), len(request.weights), len(request.seeds)
        if returns.shape != expected:
            raise ValueError(f"expected returns [P, W, R] = {list(expected)}, found {list(returns.shape)}")
        self._outstanding.done()
        return self._end(request.networks, returns)

    def _request(self) -> Request:
        weights, count = self._setting.weights(self.generation), self._setting.evaluation.rollouts
        seeds = episode_seeds(self._setting.seed, Purpose.EPISODES, self.generation, 2 * count)
        if self._networks is not None:
            return Request(self._networks, weights, seeds[count:])
        palette = palette_of(self.config.activations)
        asked = [
            lineage.probe(self.settings, palette, self._rng(Purpose.NEWBORN, l))
            for l, lineage in enumerate(self.lineages)
        ]
        parents = Population.of([lineage.parent for lineage in self.lineages])
        return RequestForGradients(compile_population(parents), weights, seeds[:count], genomes=asked)

    def _breed(self, found: Sequence[Gradients]) -> None:
        if isinstance(found, np.ndarray) or len(found) != len(self.lineages):
            raise ValueError(f"expected gradients of {len(self.lineages)} genomes, found {_described(found)}")
        families = [
            lineage.breed(own, self.settings, self.config.max_connections, self._rng(Purpose.MUTATION, l))
            for l, (lineage, own) in enumerate(zip(self.lineages, found, strict=True))
        ]
        self._family = np.repeat(np.arange(len(families)), [len(family) for family in families])
        self._networks = compile_population(concatenate(families))

    def _end(self, networks: Networks, returns: NDArray[np.float64]) -> Summary:
        means = np.where(np.isfinite(returns), returns, -np.inf).mean(axis=2)
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
        """Choose the next parent of each lineage. Every ``renew_every`` generations the worst lineage is renewed."""
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
        """See `evolution.protocol.AskTell.state`."""
        arrays: dict[str, NDArray] = {}
        for l, lineage in enumerate(self.lineages):
            arrays |= lineage.hall.to_arrays(f"lineage{l}.")
        edits = np.array([lineage.edits for lineage in self.lineages])
        return {**arrays, "edits": edits}, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """See `evolution.protocol.AskTell.restore`."""
        self.generation = metadata["generation"]
        first = self.lineages[0].hall
        shape = first.num_inputs, first.num_outputs
        self.lineages = [
            Lineage(Population.from_arrays(*shape, arrays, f"lineage{l}."), float(edits))
            for l, edits in enumerate(arrays["edits"])
        ]
        self._networks = None
        self._outstanding.done()

    def _rng(self, purpose: Purpose, lineage: int) -> np.random.Generator:
        """The generator of one lineage. The first lineage draws the same numbers as if it were the only one."""
        return keyed_rng(self._setting.seed, purpose, self.generation, *([lineage] if lineage else []))


def _described(found: object) -> str:
    if isinstance(found, np.ndarray):
        return f"an array {list(found.shape)}"
    return f"{len(found)} results" if isinstance(found, Sequence) else type(found).__name__


def _empty(num_inputs: int, num_outputs: int) -> Genome:
    genome = minimal_genome(num_inputs, num_outputs)
    nothing = np.zeros(0, np.int32)
    return Genome(num_inputs, num_outputs, genome.activations, nothing, nothing, nothing.astype(bool))
