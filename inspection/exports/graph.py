"""Common parts of the graph formats: names, kinds and levels of a genome's nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspection.exports.texts import printable
from wann.champion import Champion
from wann.genome import Genome
from wann.network import Network, compile_genome, longest_paths


def node_kinds(genome: Genome) -> list[str]:
    """The kind of each node, [N]: bias, input, output or hidden."""
    kinds = ["bias", *["input"] * genome.num_inputs, *["output"] * genome.num_outputs]
    return kinds + ["hidden"] * genome.num_hidden


def node_names(champion: Champion) -> list[str]:
    """Names of nodes, [N], `printable`: the champion's for inputs and outputs; h1, h2, ... for hidden nodes.

    Live hidden nodes come first and are numbered in the order of the network's program.
    """
    genome = champion.genome
    names = ["bias", *map(printable, (*champion.input_names, *champion.output_names)), *[""] * genome.num_hidden]
    live = nodes_of_rows(genome, compile_genome(genome))[1 + genome.num_inputs : -genome.num_outputs]
    dead = np.setdiff1d(np.arange(genome.num_fixed, genome.num_nodes), live)
    for number, node in enumerate([*live.tolist(), *dead.tolist()], start=1):
        names[node] = f"h{number}"
    return names


def graph_levels(genome: Genome) -> NDArray[np.int64]:
    """Longest path to each node over enabled connections without a delay, [N]; outputs are last.

    Hidden nodes have at least 1.
    """
    first_output, fixed = 1 + genome.num_inputs, genome.num_fixed
    computed = np.arange(first_output, genome.num_nodes)
    now = genome.enabled & (genome.delays == 0)
    sources = np.r_[genome.sources[now], np.zeros_like(computed)]
    levels = longest_paths(genome.num_nodes, sources, np.r_[genome.targets[now], computed])
    levels[first_output:fixed] = levels.max()
    return levels


def nodes_of_rows(genome: Genome, network: Network) -> NDArray[np.int64]:
    """The genome's node at each row of its network but those of memory, [1 + I + N]."""
    rows = np.arange(network.first_row + len(network.activations))
    genes = np.flatnonzero(genome.enabled)[network.connection_ids]
    rows[network.first_row + np.repeat(np.arange(len(network.fan_in)), network.fan_in)] = genome.targets[genes]
    rows[network.sources] = genome.sources[genes]
    for row, source in network.copies:  # Nodes without sources are known by what reads them, perhaps with a delay.
        rows[source] = rows[row]
    rows[-network.num_outputs :] = np.arange(1 + genome.num_inputs, genome.num_fixed)
    return np.delete(rows, network.copies[:, 0])


def memory_of(genome: Genome, gene: int) -> dict[str, int | bool]:
    """``delay`` and ``plastic`` of a gene, where it has them."""
    delay, plastic = int(genome.delays[gene]), bool(genome.plastic[gene])
    return {**({"delay": delay} if delay else {}), **({"plastic": True} if plastic else {})}


def live_genes(genome: Genome) -> NDArray[np.bool_]:
    """A mask [C] of the connections that an output depends on."""
    live = np.zeros(len(genome.enabled), bool)
    live[np.flatnonzero(genome.enabled)[compile_genome(genome).connection_ids]] = True
    return live


def live_nodes(genome: Genome) -> NDArray[np.bool_]:
    """A mask [N] of the outputs and the nodes that an output depends on."""
    genes = live_genes(genome)
    live = np.zeros(genome.num_nodes, bool)
    live[np.r_[genome.sources[genes], genome.targets[genes]]] = True
    live[1 + genome.num_inputs : genome.num_fixed] = True
    return live
