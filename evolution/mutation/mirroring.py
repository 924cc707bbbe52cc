"""Mirrored genomes: a network that works at one shared weight is changed to work at the negative weight too.

Every connection of a mirrored genome comes from a relay, a linear node with one input. A term w * x becomes
w * (w * x), so the network at the shared weight w equals the original at w squared, and behaves the same at w and -w.
(Plastic connections and products are not linear in what they read, so networks with them do not.) Delays stay behind
the relays, but for those of outputs, which only delayed genes may leave.
This is a property of the topology alone. Evolution can continue from it as from any other genome.
"""

from __future__ import annotations

import numpy as np

from wann.genome import LINEAR, Genome, make_genome
from wann.population import Population


def mirrored(population: Population) -> Population:
    """Each genome with a relay behind every node that has outgoing connections."""
    return Population.of([_mirrored(genome) for genome in population])


def _mirrored(genome: Genome) -> Genome:
    of_output = (genome.sources > genome.num_inputs) & (genome.sources < genome.num_fixed)
    delays = np.where(of_output, genome.delays, 0)
    (sources, before), relay = np.unique(np.stack([genome.sources, delays]), axis=1, return_inverse=True)
    relays = genome.num_nodes + np.arange(len(sources))
    return make_genome(
        genome.num_inputs,
        genome.num_outputs,
        np.r_[genome.activations, np.full(len(sources), LINEAR)],
        np.r_[sources, relays[relay]],
        np.r_[relays, genome.targets],
        np.r_[np.ones(len(sources), bool), genome.enabled],
        np.r_[before, genome.delays - delays],
        np.r_[np.zeros(len(sources), bool), genome.plastic],
    )
