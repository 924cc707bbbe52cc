"""Mirrored genomes: of a network that works at one shared weight, one that works at its negative too.

Every connection of a mirrored genome comes from a relay, a linear node that its source feeds alone. What was w times
the source is then w times (w times the source): the network does at the weight w what the first did at w squared, and
hence the same at w and -w. Only the topology says so; evolution may go on from there as from any other.
"""

from __future__ import annotations

import numpy as np

from wann.genome import LINEAR, Genome, make_genome
from wann.population import Population


def mirrored(population: Population) -> Population:
    """Each genome with a relay behind every node that a connection comes from."""
    return Population.of([_mirrored(genome) for genome in population])


def _mirrored(genome: Genome) -> Genome:
    sources, relay = np.unique(genome.sources, return_inverse=True)
    relays = genome.num_nodes + np.arange(len(sources))
    return make_genome(
        genome.num_inputs,
        genome.num_outputs,
        np.r_[genome.activations, np.full(len(sources), LINEAR)],
        np.r_[sources, relays[relay]],
        np.r_[relays, genome.targets],
        np.r_[np.ones(len(sources), bool), genome.enabled],
    )
