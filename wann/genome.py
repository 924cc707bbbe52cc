"""Genomes, the objects of evolution.

A genome is a directed graph of nodes and connection genes. It has no weights, because weights are an input of
evaluation. Nodes are in the order bias, inputs, outputs, hidden. New hidden nodes are appended, so a node's index is
its identity and no innovation numbers are needed.

A gene reads its source's value of this step, or with a delay of d the value d steps ago. The genes without a delay form
no cycle. A plastic gene has a strength of its own that each episode writes (`wann.oracle`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS, SUMMING

LINEAR = ACTIVATIONS["linear"].code
# Largest delay of a connection, in steps. Longer delays are chains of nodes.
MAX_DELAY = 8


@dataclass(frozen=True, eq=False)
class Genome:
    """N nodes and C connection genes; the arrays are not writeable.

    ``activations [N]`` int8 codes, ``sources [C]`` and ``targets [C]`` int32 node indices,
    ``enabled [C]`` bool, ``delays [C]`` int8 steps, ``plastic [C]`` bool. Node 0 is the bias, then
    ``num_inputs`` inputs, ``num_outputs`` outputs, and the hidden nodes. A gene is identified by its
    source, target and delay.
    """

    num_inputs: int
    num_outputs: int
    activations: NDArray[np.int8]  # [N]
    sources: NDArray[np.int32]  # [C]
    targets: NDArray[np.int32]  # [C]
    enabled: NDArray[np.bool_]  # [C]
    delays: NDArray[np.int8] = field(default=None)  # type: ignore[arg-type]  # [C]; all 0 if not given
    plastic: NDArray[np.bool_] = field(default=None)  # type: ignore[arg-type]  # [C]; all False if not given

    def __post_init__(self) -> None:
        if self.delays is None:
            object.__setattr__(self, "delays", frozen(np.zeros(len(self.sources)), np.int8))
        if self.plastic is None:
            object.__setattr__(self, "plastic", frozen(np.zeros(len(self.sources)), np.bool_))

    @property
    def num_nodes(self) -> int:
        return len(self.activations)

    @property
    def num_fixed(self) -> int:
        """Nodes that no operator adds or removes: bias, inputs and outputs."""
        return 1 + self.num_inputs + self.num_outputs

    @property
    def num_hidden(self) -> int:
        return self.num_nodes - self.num_fixed

    @property
    def num_enabled(self) -> int:
        """E, the connections that carry a weight."""
        return int(np.count_nonzero(self.enabled))

    @property
    def is_plain(self) -> bool:
        """True if no gene has a delay or is plastic, and every node sums its sources."""
        return not self.delays.any() and not self.plastic.any() and bool(SUMMING[self.activations].all())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Genome):
            return NotImplemented
        return (self.num_inputs, self.num_outputs) == (other.num_inputs, other.num_outputs) and all(
            np.array_equal(mine, theirs) for mine, theirs in zip(self._arrays(), other._arrays(), strict=True)
        )

    def _arrays(self) -> tuple[NDArray, ...]:
        return self.activations, self.sources, self.targets, self.enabled, self.delays, self.plastic


def make_genome(
    num_inputs: int,
    num_outputs: int,
    activations: ArrayLike,
    sources: ArrayLike,
    targets: ArrayLike,
    enabled: ArrayLike,
    delays: ArrayLike | None = None,
    plastic: ArrayLike | None = None,
) -> Genome:
    """Build a validated genome from array-likes (copied, then frozen). Without ``delays`` and ``plastic`` it has none.

    Raises:
        ValueError: the genome breaks a rule of `validate_genome`.
    """
    genome = Genome(
        int(num_inputs),
        int(num_outputs),
        frozen(activations, np.int8),
        frozen(sources, np.int32),
        frozen(targets, np.int32),
        frozen(enabled, np.bool_),
        None if delays is None else frozen(_whole_delays(delays), np.int8),  # type: ignore[arg-type]
        None if plastic is None else frozen(plastic, np.bool_),  # type: ignore[arg-type]
    )
    validate_genome(genome)
    return genome


def _whole_delays(delays: ArrayLike) -> NDArray[np.int64]:
    """Delays within the range of int8, so that none wraps around; `validate_genome` refuses those that were cut."""
    return np.clip(np.asarray(delays, np.int64), -1, MAX_DELAY + 1)


def frozen(values: ArrayLike, dtype: type) -> NDArray:
    """Copy ``values`` into an array of ``dtype`` that cannot be written to."""
    array: NDArray = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


def minimal_genome(num_inputs: int, num_outputs: int, enabled: ArrayLike | None = None) -> Genome:
    """A genome without hidden nodes, with a gene from the bias and every input to every output.

    Args:
        num_inputs: I.
        num_outputs: O.
        enabled: [(I+1)*O] bool, source-major, all enabled by default.
    """
    num_sources = num_inputs + 1
    sources = np.repeat(np.arange(num_sources), num_outputs)
    targets = np.tile(np.arange(num_sources, num_sources + num_outputs), num_sources)
    if enabled is None:
        enabled = np.ones(len(sources), bool)
    activations = np.full(num_sources + num_outputs, LINEAR)
    return make_genome(num_inputs, num_outputs, activations, sources, targets, enabled)


def validate_genome(genome: Genome) -> None:
    """Check all rules of genomes.

    Raises:
        ValueError: names the rule, the finding and its place.
    """
    num_nodes, fixed = genome.num_nodes, genome.num_fixed
    if genome.num_inputs < 1 or genome.num_outputs < 1:
        raise ValueError(
            f"a genome needs at least one input and one output, found {genome.num_inputs} and {genome.num_outputs}"
        )
    if num_nodes < fixed:
        raise ValueError(f"expected at least {fixed} nodes (bias, inputs, outputs), found {num_nodes}")
    if not len(genome.sources) == len(genome.targets) == len(genome.enabled):
        raise ValueError(
            "sources, targets and enabled must have one length, found "
            f"{len(genome.sources)}, {len(genome.targets)}, {len(genome.enabled)}"
        )
    if not len(genome.delays) == len(genome.plastic) == len(genome.sources):
        raise ValueError(
            f"delays and plastic must have one entry for each of {len(genome.sources)} connections, found "
            f"{len(genome.delays)} and {len(genome.plastic)}"
        )
    unknown = [int(code) for code in genome.activations if int(code) not in ACTIVATION_OF_CODE]
    if unknown:
        raise ValueError(f"unknown activation code {unknown[0]}, expected 1 to {max(ACTIVATION_OF_CODE)}")
    _validate_connections(genome)


def _validate_connections(genome: Genome) -> None:
    first_output = 1 + genome.num_inputs
    seen = set()
    genes = zip(genome.sources.tolist(), genome.targets.tolist(), genome.delays.tolist(), strict=True)
    for index, (source, target, delay) in enumerate(genes):
        where = f"connection {index} ({source} -> {target}{f', delay {delay}' if delay else ''})"
        if not (0 <= source < genome.num_nodes and 0 <= target < genome.num_nodes):
            raise ValueError(f"{where} names a node outside 0..{genome.num_nodes - 1}")
        if not 0 <= delay <= MAX_DELAY:
            found = f"more than {MAX_DELAY}" if delay > MAX_DELAY else "less than 0"
            raise ValueError(f"connection {index} ({source} -> {target}) has a delay outside 0..{MAX_DELAY}: {found}")
        if delay and source == 0:
            raise ValueError(f"{where} is delayed and leaves the bias, which is the same at every step")
        if first_output <= source < genome.num_fixed and not delay:
            raise ValueError(f"{where} leaves an output node; outputs have no outgoing connections without a delay")
        if target < first_output:
            raise ValueError(f"{where} enters the bias or an input node")
        if (source, target, delay) in seen:
            raise ValueError(f"{where} appears twice")
        seen.add((source, target, delay))
    _validate_acyclic(genome)


def _validate_acyclic(genome: Genome) -> None:
    """Kahn's algorithm over all genes without a delay, enabled or not."""
    outgoing: list[list[int]] = [[] for _ in range(genome.num_nodes)]
    incoming: list[list[int]] = [[] for _ in range(genome.num_nodes)]
    waiting = [0] * genome.num_nodes
    genes = zip(genome.sources.tolist(), genome.targets.tolist(), genome.delays.tolist(), strict=True)
    for source, target, delay in genes:
        if not delay:
            outgoing[source].append(target)
            incoming[target].append(source)
            waiting[target] += 1
    ready = [node for node in range(genome.num_nodes) if not waiting[node]]
    visited = 0
    while ready:
        visited += 1
        for target in outgoing[ready.pop()]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if visited != genome.num_nodes:
        cycle = " -> ".join(map(str, _cycle_of(incoming, waiting)))
        raise ValueError(f"the connections form a cycle, {cycle}; a cycle needs a connection with a delay")


def _cycle_of(incoming: list[list[int]], waiting: list[int]) -> list[int]:
    """Nodes along a cycle, the first one again at its end; ``waiting`` are positive on cycles and behind them."""
    path = [next(node for node, count in enumerate(waiting) if count)]
    while path[-1] not in path[:-1]:  # each waiting node has a waiting source
        path.append(next(source for source in incoming[path[-1]] if waiting[source]))
    return path[path.index(path[-1]) :][::-1]
