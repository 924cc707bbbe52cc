"""Networks, the programs that every backend runs.

A `Network` is a compiled genome: dead nodes are pruned, and the rest are in a canonical topological order with their
sources as rows. Two genomes of the same graph compute the same bits and have the same structural hash, independent of
their histories. Only nodes that compute the same value may differ in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.genome import Genome
from wann.population import Population
from wann.ragged import Offsets, freeze, offsets_of, take_rows


@dataclass(frozen=True, eq=False)
class Network:
    """One program. Rows: 0 the bias, 1..I the inputs, then N computed nodes, the last O the outputs.

    ``connection_ids`` maps each program connection to its position among the genome's enabled
    connections, so that individual weights given as ``[W, E]`` can be assigned. Pruned connections
    do not occur in it.
    """

    num_inputs: int
    num_outputs: int
    activations: NDArray[np.int8]  # [N]
    fan_in: NDArray[np.int32]  # [N]
    sources: NDArray[np.int32]  # [sum of fan_in] rows, grouped by node, ascending
    connection_ids: NDArray[np.int32]  # [sum of fan_in]
    structural_hash: int

    @property
    def num_connections(self) -> int:
        """Live connections: those that an output depends on."""
        return len(self.sources)

    @property
    def num_hidden(self) -> int:
        """Live hidden nodes."""
        return len(self.activations) - self.num_outputs


@dataclass(frozen=True, eq=False)
class Networks:
    """P programs in flat arrays, the fields of `Network` concatenated, in the form that kernels and workers take."""

    num_inputs: int
    num_outputs: int
    activations: NDArray[np.int8]  # [sum N]
    fan_in: NDArray[np.int32]  # [sum N]
    sources: NDArray[np.int32]  # [sum E]
    connection_ids: NDArray[np.int32]  # [sum E]
    node_offsets: Offsets  # [P+1]
    connection_offsets: Offsets  # [P+1]
    hashes: NDArray[np.uint64]  # [P]

    def __post_init__(self) -> None:
        freeze(self.connection_ids, self.hashes)
        self.program_arrays()

    @classmethod
    def of(cls, networks: Sequence[Network]) -> Networks:
        """Pack single programs of one task."""
        shapes = {(network.num_inputs, network.num_outputs) for network in networks}
        if len(shapes) != 1:
            raise ValueError(f"expected networks of one task, found (inputs, outputs) {sorted(shapes)}")
        num_inputs, num_outputs = shapes.pop()
        return cls(
            num_inputs,
            num_outputs,
            np.concatenate([network.activations for network in networks]),
            np.concatenate([network.fan_in for network in networks]),
            np.concatenate([network.sources for network in networks]),
            np.concatenate([network.connection_ids for network in networks]),
            offsets_of([len(network.activations) for network in networks]),
            offsets_of([len(network.sources) for network in networks]),
            np.array([network.structural_hash for network in networks], np.uint64),
        )

    def __len__(self) -> int:
        return len(self.hashes)

    def __iter__(self) -> Iterator[Network]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Network:
        index = range(len(self))[index]
        nodes = slice(self.node_offsets[index], self.node_offsets[index + 1])
        edges = slice(self.connection_offsets[index], self.connection_offsets[index + 1])
        return Network(
            self.num_inputs,
            self.num_outputs,
            self.activations[nodes],
            self.fan_in[nodes],
            self.sources[edges],
            self.connection_ids[edges],
            int(self.hashes[index]),
        )

    def different(self) -> NDArray[np.int64]:
        """Rows of the first of each set of equal programs, ascending."""
        return np.sort(np.unique(self.hashes, return_index=True)[1])

    def take(self, rows: ArrayLike) -> Networks:
        """The programs at ``rows``, in that order."""
        nodes, node_offsets = take_rows(self.node_offsets, rows)
        edges, connection_offsets = take_rows(self.connection_offsets, rows)
        return Networks(
            self.num_inputs,
            self.num_outputs,
            self.activations[nodes],
            self.fan_in[nodes],
            self.sources[edges],
            self.connection_ids[edges],
            node_offsets,
            connection_offsets,
            self.hashes[np.asarray(rows)],
        )

    def program_arrays(self) -> tuple[NDArray, ...]:
        """Arrays for the lane kernels: (activations, fan_in, sources, node_offsets, connection_offsets)."""
        arrays = (self.activations, self.fan_in, self.sources, self.node_offsets, self.connection_offsets)
        # Unpickling makes arrays writeable again, and numba would compile every kernel again for those.
        freeze(*arrays)
        return arrays

    def num_connections(self) -> NDArray[np.int64]:
        """[P] live connections."""
        return np.diff(self.connection_offsets)


def node_levels(networks: Networks) -> NDArray[np.int64]:
    """Longest path to each node from one that only the bias and inputs feed, [sum N]."""
    first_row = 1 + networks.num_inputs
    target = np.repeat(np.arange(len(networks.fan_in)), networks.fan_in)
    first_node = np.repeat(networks.node_offsets[:-1], np.diff(networks.connection_offsets))
    inner = networks.sources >= first_row
    source, target = (networks.sources - first_row + first_node)[inner], target[inner]
    return longest_paths(len(networks.fan_in), source, target)


def longest_paths(num_nodes: int, source: NDArray, target: NDArray) -> NDArray[np.int64]:
    """Length of the longest path to each node of an acyclic graph, [N], given the two ends of its connections."""
    level = np.zeros(num_nodes, np.int64)
    while True:
        deeper = level.copy()
        np.maximum.at(deeper, target, level[source] + 1)
        if (deeper == level).all():
            return level
        level = deeper


def compile_population(population: Population) -> Networks:
    """Compile all genomes in one call; network i belongs to genome i."""
    from wann.kernels import compilation as compile_kernels

    return Networks(
        population.num_inputs,
        population.num_outputs,
        *compile_kernels.compile_packed(population.num_inputs, population.num_outputs, *population.packed_arrays()),
    )


def compile_genome(genome: Genome) -> Network:
    """Compile one genome."""
    return compile_population(Population.of([genome]))[0]
