"""What the graph formats share: which node of a genome is which, and how deep it stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspection.exports.texts import printable
from wann.champion import Champion
from wann.genome import Genome
from wann.network import Network, compile_genome, longest_paths


def node_kinds(genome: Genome) -> list[str]:
    """[N] bias, input, output or hidden."""
    kinds = ["bias", *["input"] * genome.num_inputs, *["output"] * genome.num_outputs]
    return kinds + ["hidden"] * genome.num_hidden


def node_names(champion: Champion) -> list[str]:
    """[N] as the champion names inputs and outputs, `printable`; hidden nodes are h1, h2, ..., live ones first.

    Live ones are numbered in the order of the network's program.
    """
    genome = champion.genome
    names = ["bias", *map(printable, (*champion.input_names, *champion.output_names)), *[""] * genome.num_hidden]
    live = nodes_of_rows(genome, compile_genome(genome))[1 + genome.num_inputs : -genome.num_outputs]
    dead = np.setdiff1d(np.arange(genome.num_fixed, genome.num_nodes), live)
    for number, node in enumerate([*live.tolist(), *dead.tolist()], start=1):
        names[node] = f"h{number}"
    return names


def graph_levels(genome: Genome) -> NDArray[np.int64]:
    """[N] longest path to each node over enabled connections, at least 1 for hidden nodes; outputs stand last."""
    first_output, fixed = 1 + genome.num_inputs, genome.num_fixed
    computed = np.arange(first_output, genome.num_nodes)
    sources = np.r_[genome.sources[genome.enabled], np.zeros_like(computed)]
    levels = longest_paths(genome.num_nodes, sources, np.r_[genome.targets[genome.enabled], computed])
    levels[first_output:fixed] = levels.max()
    return levels


def nodes_of_rows(genome: Genome, network: Network) -> NDArray[np.int64]:
    """[1 + I + N] the genome's node at each row of its network."""
    rows = np.arange(1 + network.num_inputs + len(network.activations))
    rows[-network.num_outputs :] = np.arange(1 + genome.num_inputs, genome.num_fixed)
    genes = np.flatnonzero(genome.enabled)[network.connection_ids]
    rows[network.sources] = genome.sources[genes]
    return rows


def live_genes(genome: Genome) -> NDArray[np.bool_]:
    """[C] whether an output depends on the connection."""
    live = np.zeros(len(genome.enabled), bool)
    live[np.flatnonzero(genome.enabled)[compile_genome(genome).connection_ids]] = True
    return live


def live_nodes(genome: Genome) -> NDArray[np.bool_]:
    """[N] whether an output depends on the node, or is it."""
    genes = live_genes(genome)
    live = np.zeros(genome.num_nodes, bool)
    live[np.r_[genome.sources[genes], genome.targets[genes]]] = True
    live[1 + genome.num_inputs : genome.num_fixed] = True
    return live
