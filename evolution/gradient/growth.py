"""Edits of a genome in a gradient-informed search: possible new units, proposals, and children made from them.

A *probe* is a small new unit without an effect yet: its last nodes may be connected to later nodes. Probes are added to
a genome only to compute gradients; a child keeps those that it uses. With ``equal_paths`` a unit has two relays, linear
and inverse, that sum inputs; a feature such as abs that sums both; and two relays that pass its value on. So every path
from an input to an output has four connections. If all features scale (abs, relu), the outputs at a shared weight w are
w^4 times those at 1, and the class is the same at every weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolution.mutation.apply import prune
from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, Genome, frozen
from wann.gradients import Gradients, Pairs
from wann.population import Population

INVERSE = ACTIVATIONS["inverse"].code
# Inputs that a relay of a new unit, or a new node, sums.
_MOST_INPUTS = 5
ADD, REMOVE = 0, 1
PATH_LENGTH = 4  # connections from an input to an output, if all paths are equal


@dataclass(frozen=True)
class Proposals:
    """Edits of a probed genome, best first, and its connections that could be removed, least harmful first."""

    gains: NDArray[np.float32]  # [M] expected decrease of the loss
    kinds: NDArray[np.int8]  # [M] ADD or REMOVE
    sources: NDArray[np.int64]  # [M] node
    targets: NDArray[np.int64]  # [M] node
    spare: NDArray[np.int64]  # [C, 2] source and target of each of its connections

    def __len__(self) -> int:
        return len(self.gains)


@dataclass(frozen=True)
class Probed:
    """A parent with probes. Its own nodes come first."""

    genome: Genome
    unit: NDArray[np.int64]  # [N] number of the node's probe, -1 for the parent's own
    levels: NDArray[np.int64] | None  # [N] number of connections from the inputs to a node; only with equal paths

    @cached_property
    def depths(self) -> NDArray[np.int64]:
        """Longest path from the inputs to a node, [N]; outputs are last. Connections to deeper nodes close no cycle."""
        depth = np.zeros(self.genome.num_nodes, np.int64)
        while True:
            deeper = depth.copy()
            np.maximum.at(deeper, self.genome.targets, depth[self.genome.sources] + 1)
            if (deeper == depth).all():
                outputs = slice(1 + self.genome.num_inputs, self.genome.num_fixed)
                depth[outputs] = depth.max() + 1
                return depth
            depth = deeper

    def pairs(self) -> list[Pairs]:
        """The pairs of nodes that a connection may join."""
        nodes, own = np.arange(self.genome.num_nodes), self.unit < 0
        if self.levels is None:
            sources = nodes[(nodes < 1 + self.genome.num_inputs) | (nodes >= self.genome.num_fixed)]
            return [(sources, nodes[own & (nodes > self.genome.num_inputs)])]
        level = self.levels
        found = [(nodes[own & (level == k)], nodes[own & (level == k + 1)]) for k in (0, 1, 2)]
        return [*found, (nodes[level == 3], nodes[level == 4])]

    def proposals(self, gradients: Gradients) -> Proposals:
        """All edits that are expected to lower the loss, and all connections."""
        present = np.zeros(gradients.first.shape, bool)
        present[self.genome.sources, self.genome.targets] = True
        parts, spare = [], []
        for sources, targets in self.pairs():
            grid = np.ix_(sources, targets)
            first, second, there = gradients.first[grid], gradients.second[grid], present[grid]
            change = np.where(there, -first, first) + second / 2
            allowed = there | (self.levels is not None) | (self.depths[sources][:, None] < self.depths[targets])
            rows, columns = np.nonzero(there)
            spare.append((change[rows, columns], sources[rows], targets[columns]))
            rows, columns = np.nonzero((change < 0) & allowed)
            parts.append((-change[rows, columns], there[rows, columns], sources[rows], targets[columns]))
        gains, there, sources, targets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = np.argsort(-gains, kind="stable")
        kinds = np.where(there, REMOVE, ADD).astype(np.int8)
        losses, *ends = (np.concatenate(arrays) for arrays in zip(*spare, strict=True))
        least_missed = np.stack(ends, axis=1)[np.argsort(losses, kind="stable")]
        return Proposals(gains[order], kinds[order], sources[order], targets[order], least_missed)

    def child(self, proposals: Proposals, chosen: NDArray[np.int64], given_up: NDArray[np.int64]) -> Genome:
        """The parent with the chosen proposals applied, without some connections, and with dead nodes pruned.

        Args:
            proposals: of this parent.
            chosen: indices of proposals.
            given_up: indices of spare connections to remove.
        """
        genome = self.genome
        added = proposals.kinds[chosen] == ADD
        new_sources, new_targets = proposals.sources[chosen[added]], proposals.targets[chosen[added]]
        spare = proposals.spare[given_up]
        gone = proposals.sources[chosen[~added]] * genome.num_nodes + proposals.targets[chosen[~added]]
        gone = np.r_[gone, spare[:, 0] * genome.num_nodes + spare[:, 1]]
        used = np.isin(self.unit, np.r_[-1, self.unit[new_sources]])
        stays = used[genome.targets] & ~np.isin(genome.sources * np.int64(genome.num_nodes) + genome.targets, gone)
        index = np.cumsum(used) - 1
        sources = index[np.r_[genome.sources[stays], new_sources]]
        targets = index[np.r_[genome.targets[stays], new_targets]]
        grown = _genome(genome, genome.activations[used], sources, targets)
        return prune(Population.of([grown]))[0]


def probed(
    parent: Genome, count: int, activations: NDArray[np.int8], equal_paths: bool, rng: np.random.Generator
) -> Probed:
    """The parent with ``count`` random probes and, with equal paths, the relays that its features lack."""
    if equal_paths:
        return _with_units(parent, count, activations, rng)
    nodes = _Nodes(parent)
    usable = np.r_[np.arange(1 + parent.num_inputs), np.arange(parent.num_fixed, parent.num_nodes)]
    for _ in range(count):
        nodes.start_unit()
        size = min(int(rng.integers(2, 8)), len(usable))
        nodes.add(int(rng.choice(activations)), rng.choice(usable, size, replace=False).tolist())
    return Probed(nodes.genome(), np.array(nodes.units), None)


def _with_units(parent: Genome, count: int, activations: NDArray[np.int8], rng: np.random.Generator) -> Probed:
    palette = activations[(activations != LINEAR) & (activations != INVERSE)]
    levels = levels_of(parent)
    features = np.flatnonzero(levels == 2)
    nodes = _Nodes(parent)
    for feature, missing in _missing_relays(parent, levels):
        nodes.start_unit()
        nodes.add(missing, [feature], 3)
    for _ in range(count):
        nodes.start_unit()
        plus, minus = _signed_inputs(parent, features, rng)
        relays = [nodes.add(LINEAR, plus, 1), nodes.add(INVERSE, minus, 1)]
        feature = nodes.add(int(rng.choice(palette)), relays, 2)
        nodes.add(LINEAR, [feature], 3)
        nodes.add(INVERSE, [feature], 3)
    return Probed(nodes.genome(), np.array(nodes.units), np.r_[levels, nodes.levels])


def levels_of(genome: Genome) -> NDArray[np.int64]:
    """Number of connections from the inputs to a node, [N].

    It is computed from the outputs, because a relay may have lost all its inputs.

    Raises:
        ValueError: the paths are not all equally long.
    """
    levels = np.full(genome.num_nodes, -1)
    levels[: 1 + genome.num_inputs] = 0
    levels[1 + genome.num_inputs : genome.num_fixed] = PATH_LENGTH
    for level in range(PATH_LENGTH - 1, 0, -1):
        levels[genome.sources[levels[genome.targets] == level + 1]] = level
    if (levels[genome.sources] + 1 != levels[genome.targets]).any():
        raise ValueError(f"expected a genome in which every path has {PATH_LENGTH} connections, found others")
    return levels


class _Nodes:
    """A genome that grows by probes."""

    def __init__(self, parent: Genome) -> None:
        self._parent = parent
        self._activations = parent.activations.tolist()
        self._sources, self._targets = parent.sources.tolist(), parent.targets.tolist()
        self.units = [-1] * parent.num_nodes
        self.levels: list[int] = []  # of the new nodes
        self._unit = -1

    def start_unit(self) -> None:
        self._unit += 1

    def add(self, activation: int, sources: list[int], level: int = -1) -> int:
        node = len(self._activations)
        self._activations.append(activation)
        self._sources += sources
        self._targets += [node] * len(sources)
        self.units.append(self._unit)
        self.levels.append(level)
        return node

    def genome(self) -> Genome:
        return _genome(self._parent, self._activations, self._sources, self._targets)


def _genome(like: Genome, activations: ArrayLike, sources: ArrayLike, targets: ArrayLike) -> Genome:
    arrays = frozen(activations, np.int8), frozen(sources, np.int32), frozen(targets, np.int32)
    return Genome(like.num_inputs, like.num_outputs, *arrays, frozen(np.ones(len(arrays[1])), np.bool_))


def _missing_relays(parent: Genome, levels: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(feature, activation of the relay) for each relay that a feature lacks of its two."""
    into = levels[parent.targets] == 3
    there = set(zip(parent.sources[into].tolist(), parent.activations[parent.targets[into]].tolist(), strict=True))
    features = np.flatnonzero(levels == 2).tolist()
    return [(node, code) for node in features for code in (LINEAR, INVERSE) if (node, code) not in there]


def _signed_inputs(
    parent: Genome, features: NDArray[np.int64], rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Inputs that a new unit adds and subtracts: random ones or, half the time, a variation of a feature's inputs."""
    signs = np.zeros(1 + parent.num_inputs, np.int64)
    if len(features) and rng.random() < 0.5:
        for relay in parent.sources[parent.targets == rng.choice(features)]:
            signs[parent.sources[parent.targets == relay]] = -1 if parent.activations[relay] == INVERSE else 1
    changed = rng.choice(len(signs), int(rng.integers(2, 2 * _MOST_INPUTS)), replace=False)
    signs[changed] = rng.choice([-1, 1], len(changed))
    plus, minus = np.flatnonzero(signs > 0), np.flatnonzero(signs < 0)
    spare = rng.choice(np.flatnonzero(signs == 0), 2, replace=False)
    return (plus if len(plus) else spare[:1]).tolist(), (minus if len(minus) else spare[1:]).tolist()
