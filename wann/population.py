"""Many genomes in flat arrays, so that evolution and compilation run over all of them in one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.genome import Genome
from wann.ragged import Offsets, freeze, offsets_of, take_rows

# The array fields in files of genomes. The last two are left out where no connection has a delay or is plastic.
_IN_FILES = ("activations", "sources", "targets", "enabled", "node_offsets", "connection_offsets", "delays", "plastic")


@dataclass(frozen=True, eq=False)
class Population:
    """P genomes of one task; genome i's nodes are ``activations[node_offsets[i]:node_offsets[i+1]]``.

    The fields are those of `Genome`, concatenated; ``population[i]`` is a `Genome` that shares their
    memory.
    """

    num_inputs: int
    num_outputs: int
    activations: NDArray[np.int8]  # [sum N]
    sources: NDArray[np.int32]  # [sum C]
    targets: NDArray[np.int32]  # [sum C]
    enabled: NDArray[np.bool_]  # [sum C]
    node_offsets: Offsets  # [P+1]
    connection_offsets: Offsets  # [P+1]
    delays: NDArray[np.int8] = field(default=None)  # type: ignore[arg-type]  # [sum C]; all 0 if not given
    plastic: NDArray[np.bool_] = field(default=None)  # type: ignore[arg-type]  # [sum C]; all False if not given

    def __post_init__(self) -> None:
        if self.delays is None:
            object.__setattr__(self, "delays", np.zeros(len(self.sources), np.int8))
        if self.plastic is None:
            object.__setattr__(self, "plastic", np.zeros(len(self.sources), np.bool_))
        freeze(*self.packed_arrays())

    @classmethod
    def of(cls, genomes: Sequence[Genome]) -> Population:
        """Pack genomes (at least one, all with the same inputs and outputs)."""
        shapes = {(genome.num_inputs, genome.num_outputs) for genome in genomes}
        if len(shapes) != 1:
            raise ValueError(f"expected genomes of one task, found (inputs, outputs) {sorted(shapes)}")
        num_inputs, num_outputs = shapes.pop()
        return cls(
            num_inputs,
            num_outputs,
            np.concatenate([genome.activations for genome in genomes]),
            np.concatenate([genome.sources for genome in genomes]),
            np.concatenate([genome.targets for genome in genomes]),
            np.concatenate([genome.enabled for genome in genomes]),
            offsets_of([genome.num_nodes for genome in genomes]),
            offsets_of([len(genome.sources) for genome in genomes]),
            np.concatenate([genome.delays for genome in genomes]),
            np.concatenate([genome.plastic for genome in genomes]),
        )

    @classmethod
    def from_arrays(
        cls, num_inputs: int, num_outputs: int, arrays: Mapping[str, NDArray], prefix: str = ""
    ) -> Population:
        """A population from the arrays of `to_arrays`.

        Raises:
            KeyError: an array is missing.
        """
        there = _IN_FILES if f"{prefix}delays" in arrays else _IN_FILES[:-2]
        return cls(num_inputs, num_outputs, *(arrays[prefix + name] for name in there))

    def to_arrays(self, prefix: str = "") -> dict[str, NDArray]:
        """The arrays by name, for files. Those of delays and plasticity are left out if no gene has any."""
        names = _IN_FILES if self.delays.any() or self.plastic.any() else _IN_FILES[:-2]
        return {prefix + name: getattr(self, name) for name in names}

    def __len__(self) -> int:
        return len(self.node_offsets) - 1

    def __iter__(self) -> Iterator[Genome]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Genome:
        index = range(len(self))[index]
        nodes = slice(self.node_offsets[index], self.node_offsets[index + 1])
        genes = slice(self.connection_offsets[index], self.connection_offsets[index + 1])
        return Genome(
            self.num_inputs,
            self.num_outputs,
            self.activations[nodes],
            self.sources[genes],
            self.targets[genes],
            self.enabled[genes],
            self.delays[genes],
            self.plastic[genes],
        )

    def packed_arrays(self) -> tuple[NDArray, ...]:
        """The fields in the form that kernels take: those of nodes and genes, then the offsets."""
        of_genes = self.sources, self.targets, self.enabled, self.delays, self.plastic
        return self.activations, *of_genes, self.node_offsets, self.connection_offsets

    def take(self, rows: ArrayLike) -> Population:
        """The genomes at ``rows``, in that order, repeats allowed."""
        nodes, node_offsets = take_rows(self.node_offsets, rows)
        genes, connection_offsets = take_rows(self.connection_offsets, rows)
        return Population(
            self.num_inputs,
            self.num_outputs,
            self.activations[nodes],
            self.sources[genes],
            self.targets[genes],
            self.enabled[genes],
            node_offsets,
            connection_offsets,
            self.delays[genes],
            self.plastic[genes],
        )

    def num_enabled(self) -> NDArray[np.int64]:
        """[P] enabled connections of each genome."""
        parts = pairwise(self.connection_offsets.tolist())
        return np.array([np.count_nonzero(self.enabled[begin:end]) for begin, end in parts], np.int64)


def concatenate(populations: Sequence[Population]) -> Population:
    """The concatenation of populations."""
    first = populations[0]
    return Population(
        first.num_inputs,
        first.num_outputs,
        np.concatenate([p.activations for p in populations]),
        np.concatenate([p.sources for p in populations]),
        np.concatenate([p.targets for p in populations]),
        np.concatenate([p.enabled for p in populations]),
        offsets_of(np.concatenate([np.diff(p.node_offsets) for p in populations])),
        offsets_of(np.concatenate([np.diff(p.connection_offsets) for p in populations])),
        np.concatenate([p.delays for p in populations]),
        np.concatenate([p.plastic for p in populations]),
    )
