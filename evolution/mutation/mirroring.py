"""Mirrored genomes: a network that works at one shared weight is changed to work at the negative weight too.

Every connection of a mirrored genome comes from a relay, a linear node with one input. A term w * x becomes
w * (w * x), so the network at the shared weight w equals the original at w squared, and behaves the same at w and -w.
(Plastic connections and products are not linear in what they read, so networks with them do not.) Delays stay behind
the relays, but for those of outputs, which only delayed genes may leave.
This is a property of the topology alone. Evolution can continue from it as from any other genome.

**Gain.** With k copies of each relay the term becomes k * w * (w * x): the network at w does what it did with single
relays at sqrt(k) * w. A network that fails at small weights because its outputs are too weak there gets by topology
what a larger weight would give it. Operators cannot find this step by step, as one more relay of one source changes the
balance of all sums that it is added to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome import LINEAR, Genome, make_genome
from wann.network import longest_paths
from wann.population import Population


def mirrored(population: Population) -> Population:
    """Each genome with a relay behind every node that has outgoing connections."""
    return Population.of([_mirrored(genome) for genome in population])


def amplified(population: Population, copies: int) -> Population:
    """Each genome with every relay ``copies`` times. Without relays a genome stays as it is."""
    return Population.of([_amplified(genome, copies) for genome in population]) if copies > 1 else population


def relays_of(genome: Genome) -> NDArray[np.int64]:
    """Nodes that relay: linear hidden nodes with one enabled connection, which does not come from another relay.

    In a genome just mirrored these are the relays that were added; evolution may have changed some since.
    """
    targets = genome.targets[genome.enabled]
    single = np.bincount(targets, minlength=genome.num_nodes) == 1
    single &= (genome.activations == LINEAR) & (np.arange(genome.num_nodes) >= genome.num_fixed)
    # Mirroring puts no delay before a relay but that of an output, and nothing plastic.
    other = genome.plastic | ((genome.delays > 0) & ~_leaves_output(genome))
    single[targets[other[genome.enabled]]] = False
    source = np.zeros(genome.num_nodes, np.int64)
    source[targets] = genome.sources[genome.enabled]  # the only one, where it matters
    is_relay = np.zeros(genome.num_nodes, bool)
    now = genome.delays == 0  # The other connections may form cycles.
    order = np.argsort(longest_paths(genome.num_nodes, genome.sources[now], genome.targets[now]), kind="stable")
    for node in order.tolist():
        is_relay[node] = single[node] and not is_relay[source[node]]
    return np.flatnonzero(is_relay)


def _leaves_output(genome: Genome) -> NDArray[np.bool_]:
    """A mask [C] of the genes that leave an output; all of them have a delay."""
    return (genome.sources > genome.num_inputs) & (genome.sources < genome.num_fixed)


def _mirrored(genome: Genome) -> Genome:
    delays = np.where(_leaves_output(genome), genome.delays, 0)
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


def _amplified(genome: Genome, copies: int) -> Genome:
    """The genome followed by ``copies`` - 1 copies of its relays, each with all genes of the original."""
    relays = relays_of(genome)
    position = np.full(genome.num_nodes, -1)
    position[relays] = np.arange(len(relays))
    touches = (position[genome.sources] >= 0) | (position[genome.targets] >= 0)
    nodes = [genome.activations]
    genes = [(genome.sources, genome.targets, genome.enabled, genome.delays, genome.plastic)]
    for copy in range(copies - 1):
        first = genome.num_nodes + copy * len(relays)
        name = np.where(position >= 0, first + position, np.arange(genome.num_nodes))
        nodes.append(genome.activations[relays])
        same = (genome.enabled[touches], genome.delays[touches], genome.plastic[touches])
        genes.append((name[genome.sources[touches]], name[genome.targets[touches]], *same))
    parts = [np.concatenate(column) for column in zip(*genes, strict=True)]
    return make_genome(genome.num_inputs, genome.num_outputs, np.concatenate(nodes), *parts)
