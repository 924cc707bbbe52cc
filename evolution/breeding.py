"""New genomes: the first population, newborns, and children."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evolution.mutation.apply import draw_operators, mutate, palette_of, prune
from evolution.mutation.safe import SafeMutation
from evolution.protocol import Setting
from wann.genome import minimal_genome
from wann.network import compile_population
from wann.population import Population, concatenate
from wann.randomness import Purpose, keyed_rng


class Breeder:
    """Makes genomes for one search. Its draws are keyed by (seed, purpose, generation).

    Raises:
        ValueError: safe mutations lack a behaviour to choose by, or the probabilities of operators are invalid.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting, self._config = setting, setting.config
        self._palette = palette_of(setting.config.activations)
        self.safe = _safe_mutation(setting)

    def first_population(self, generation: int = 0) -> Population:
        """The initial genomes followed by mutants of them in turn, or minimal genomes if there are none.

        Args:
            generation: the one that the population is first of; above 0 after a restart.
        """
        count, initial = self._config.population, self._setting.initial
        if not initial:
            index = (generation,) if generation else ()
            return self._minimal(keyed_rng(self._setting.seed, Purpose.INITIAL, *index), count)
        originals = Population.of(list(initial))
        self.watch(originals, np.arange(len(originals)), generation)
        children = self._mutants(originals, np.arange(count) % len(originals), Purpose.INITIAL, generation)
        kept = min(len(originals), count)
        return concatenate([originals.take(np.arange(kept)), children.take(np.arange(kept, count))])

    def newborns(self, generation: int, count: int) -> Population:
        """Minimal genomes with random connections enabled."""
        return self._minimal(keyed_rng(self._setting.seed, Purpose.NEWBORN, generation), count)

    def children(self, population: Population, parents: NDArray[np.int64], generation: int) -> Population:
        """A mutant of each of the ``parents``, rows of ``population``."""
        mutants = self._mutants(population, parents, Purpose.MUTATION, generation)
        return prune(mutants) if self._config.prune_dead else mutants

    def watch(self, population: Population, order: NDArray[np.int64], generation: int) -> None:
        """If due, collect the states that children are compared on from the first different genomes in ``order``."""
        if self.safe is not None and self.safe.is_due(generation):
            networks = compile_population(population).take(order)
            leaders = networks.take(networks.different()[: self.safe.config.leaders])
            self.safe.observe(leaders, self._setting.weights(generation), self._setting.seed, generation)

    def _minimal(self, rng: np.random.Generator, count: int) -> Population:
        num_inputs, num_outputs = self._setting.num_inputs, self._setting.num_outputs
        enabled = rng.random((count, (num_inputs + 1) * num_outputs)) < self._config.initial_connectivity
        template = Population.of([minimal_genome(num_inputs, num_outputs)]).take(np.zeros(count, np.int64))
        return Population(
            num_inputs,
            num_outputs,
            template.activations,
            template.sources,
            template.targets,
            enabled.ravel(),
            template.node_offsets,
            template.connection_offsets,
        )

    def _mutants(
        self, population: Population, parents: NDArray[np.int64], purpose: Purpose, generation: int
    ) -> Population:
        """One mutant for each parent. If several are drawn, `evolution.mutation.safe` chooses one."""
        safe = self.safe
        candidates = 1 if safe is None else safe.config.candidates
        rows = np.repeat(parents, candidates)
        rng = keyed_rng(self._setting.seed, purpose, generation)
        probabilities = self._config.mutation.model_dump()
        operators, uniforms = draw_operators(rng, len(rows), probabilities, self._config.extra_mutation)
        mutants = mutate(population.take(rows), operators, uniforms, self._palette, self._setting.groups)
        if safe is None:
            return mutants
        chosen = safe.choose(compile_population(population).take(parents), compile_population(mutants))
        free = rng.random(len(parents)) >= safe.config.share
        return mutants.take(np.where(free, np.arange(len(parents)) * candidates, chosen))


def _safe_mutation(setting: Setting) -> SafeMutation | None:
    if setting.config.safe_mutation is None:
        return None
    if setting.behaviour is None:
        raise ValueError("expected a behaviour for safe_mutation, which compares what networks do; found none")
    return SafeMutation(setting.config.safe_mutation, setting.behaviour)
