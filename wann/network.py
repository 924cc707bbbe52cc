"""Networks, the programs that every backend runs.

A `Network` is a compiled genome: dead nodes are pruned, and the rest are in a canonical topological order with their
sources as rows. Two genomes of the same graph compute the same bits and have the same structural hash, independent of
their histories. Only nodes that compute the same value may differ in order.

A network with delays has memory rows after the inputs, which hold values of earlier steps. A copy list moves values
into them after each step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.activations import STATEFUL, SUMMING
from wann.errors import UserError
from wann.genome import Genome
from wann.population import Population
from wann.ragged import Offsets, freeze, offsets_of, take_rows

_NO_COPIES, _NONE = np.zeros((0, 2), np.int32), np.zeros(0, np.int32)
freeze(_NO_COPIES, _NONE)


@dataclass(frozen=True, eq=False)
class Network:
    """One program. Rows: 0 the bias, 1..I the inputs, M memory rows, then N computed nodes, the last O the outputs.

    ``copies`` are pairs of a memory row and the row that it takes its value from after a step, in the order in which
    they are to be made. ``plastic`` are the places of plastic connections in ``sources``, ascending.
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
    copies: NDArray[np.int32] = field(default_factory=lambda: _NO_COPIES)  # [M, 2]
    plastic: NDArray[np.int32] = field(default_factory=lambda: _NONE)  # [Q]

    @property
    def first_row(self) -> int:
        """Row of the first computed node, 1 + I + M."""
        return 1 + self.num_inputs + len(self.copies)

    @property
    def num_state(self) -> int:
        """S, the numbers that an episode carries from step to step: M values, Q strengths, and running totals."""
        return len(self.copies) + int(STATEFUL[self.activations].sum()) + len(self.plastic)

    @property
    def is_plain(self) -> bool:
        """True if the outputs depend on this step's inputs only, and every node sums its sources."""
        return not len(self.copies) and not len(self.plastic) and bool(SUMMING[self.activations].all())

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
    copies: NDArray[np.int32] = field(default_factory=lambda: _NO_COPIES)  # [sum M, 2]
    memory_offsets: Offsets = field(default=None)  # type: ignore[arg-type]  # [P+1]
    plastic: NDArray[np.int32] = field(default_factory=lambda: _NONE)  # [sum Q] places within the network
    plastic_offsets: Offsets = field(default=None)  # type: ignore[arg-type]  # [P+1]

    def __post_init__(self) -> None:
        for name in ("memory_offsets", "plastic_offsets"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.zeros(len(self.hashes) + 1, np.int64))
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
            np.concatenate([network.copies for network in networks]),
            offsets_of([len(network.copies) for network in networks]),
            np.concatenate([network.plastic for network in networks]),
            offsets_of([len(network.plastic) for network in networks]),
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
            self.copies[self.memory_offsets[index] : self.memory_offsets[index + 1]],
            self.plastic[self.plastic_offsets[index] : self.plastic_offsets[index + 1]],
        )

    def different(self) -> NDArray[np.int64]:
        """Rows of the first of each set of equal programs, ascending."""
        return np.sort(np.unique(self.hashes, return_index=True)[1])

    def take(self, rows: ArrayLike) -> Networks:
        """The programs at ``rows``, in that order."""
        nodes, node_offsets = take_rows(self.node_offsets, rows)
        edges, connection_offsets = take_rows(self.connection_offsets, rows)
        copies, memory_offsets = take_rows(self.memory_offsets, rows)
        plastic, plastic_offsets = take_rows(self.plastic_offsets, rows)
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
            self.copies[copies],
            memory_offsets,
            self.plastic[plastic],
            plastic_offsets,
        )

    def program_arrays(self) -> tuple[NDArray, ...]:
        """Arrays for the lane kernels: (activations, fan_in, sources, node_offsets, connection_offsets)."""
        arrays = (self.activations, self.fan_in, self.sources, self.node_offsets, self.connection_offsets)
        # Unpickling makes arrays writeable again, and numba would compile every kernel again for those.
        freeze(*arrays)
        return arrays

    def state_arrays(self) -> tuple[NDArray, ...]:
        """Further arrays for kernels of networks with state: (copies, memory_offsets, plastic, plastic_offsets)."""
        arrays = (self.copies, self.memory_offsets, self.plastic, self.plastic_offsets)
        freeze(*arrays)
        return arrays

    @property
    def is_plain(self) -> bool:
        """True if every network is plain; see `Network.is_plain`."""
        return not len(self.copies) and not len(self.plastic) and bool(SUMMING[self.activations].all())

    def num_state(self) -> NDArray[np.int64]:
        """[P] numbers that an episode of each network carries from step to step; see `Network.num_state`."""
        totals = np.r_[0, np.cumsum(STATEFUL[self.activations])]
        return (
            np.diff(self.memory_offsets)
            + np.diff(totals[self.node_offsets]).astype(np.int64)
            + np.diff(self.plastic_offsets)
        )

    def num_connections(self) -> NDArray[np.int64]:
        """[P] live connections."""
        return np.diff(self.connection_offsets)


def require_plain(networks: Network | Networks) -> None:
    """Refuse networks that backends and exports without state would compute wrongly.

    Raises:
        UserError: a network is not plain; see `Network.is_plain`.
    """
    if not networks.is_plain:
        raise UserError(
            expected="a feed-forward network of sums",
            found="one with delays, plastic connections, or nodes that accumulate or multiply",
        )


def widened(networks: Networks, inputs: Sequence[int], num_inputs: int) -> Networks:
    """The same programs among more inputs, for kernels that offer all of a simulator's.

    Args:
        networks: P programs of I inputs.
        inputs: [I] numbers of the inputs that they read, from 0, ascending.
        num_inputs: of all.
    """
    if len(inputs) == num_inputs:
        return networks
    fixed = np.r_[0, 1 + np.asarray(inputs, np.int32)]
    shift = num_inputs - len(inputs)

    def moved(rows: NDArray[np.int32]) -> NDArray[np.int32]:
        found = np.where(rows < len(fixed), fixed[np.minimum(rows, len(fixed) - 1)], rows + shift)
        return found.astype(np.int32)

    return replace(
        networks, num_inputs=num_inputs, sources=moved(networks.sources), copies=moved(networks.copies).reshape(-1, 2)
    )


def node_levels(networks: Networks) -> NDArray[np.int64]:
    """Longest path to each node from one that only the bias, inputs and memory feed, [sum N]."""
    per_network = np.diff(networks.connection_offsets)
    first_row = np.repeat(1 + networks.num_inputs + np.diff(networks.memory_offsets), per_network)
    target = np.repeat(np.arange(len(networks.fan_in)), networks.fan_in)
    first_node = np.repeat(networks.node_offsets[:-1], per_network)
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
    from wann.kernels.population_compilation import compile_packed

    shape = population.num_inputs, population.num_outputs
    return Networks(*shape, *compile_packed(*shape, *population.packed_arrays()))


def compile_genome(genome: Genome) -> Network:
    """Compile one genome."""
    return compile_population(Population.of([genome]))[0]
