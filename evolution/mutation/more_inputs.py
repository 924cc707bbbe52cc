"""Genomes for a task that shows more: a later stage of a search may have inputs that the stage before lacks.

Inputs are known by their names (`envs.task.ChoosesInputs`). New ones begin without connections, so a network does what
it did until an operator connects one. So a search can learn to act on few inputs, where good networks are easier to
find, and then see more.
"""

from __future__ import annotations

import numpy as np

from wann.genome import LINEAR, Genome, make_genome
from wann.population import Population

Names = tuple[str, ...]


def with_inputs(population: Population, before: Names, names: Names) -> Population:
    """Each genome with its inputs ``before`` where they are among ``names``, and without connections of the others.

    With as many inputs as before it stays as it is.
    """
    if len(before) == len(names):
        return population
    return Population.of([genome_with_inputs(genome, before, names) for genome in population])


def genome_with_inputs(genome: Genome, before: Names, names: Names) -> Genome:
    """See `with_inputs`.

    Raises:
        ValueError: ``before`` are not all among ``names``, or not the genome's.
    """
    if len(before) != genome.num_inputs or not set(before) <= set(names):
        raise ValueError(f"expected {genome.num_inputs} inputs among {names}, found {before}")
    inputs = [1 + names.index(name) for name in before]
    later = np.arange(1 + genome.num_inputs, genome.num_nodes) + len(names) - genome.num_inputs
    node = np.r_[0, inputs, later].astype(np.int64)
    activations = np.full(genome.num_nodes + len(names) - genome.num_inputs, LINEAR)
    activations[node] = genome.activations
    genes = (node[genome.sources], node[genome.targets], genome.enabled, genome.delays, genome.plastic)
    return make_genome(len(names), genome.num_outputs, activations, *genes)
