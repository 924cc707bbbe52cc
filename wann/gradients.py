"""Effect of each possible connection of a genome on the loss, to second order, on a batch of images.

Let s_k be the sum that node k scales by the shared weight, and v_a the value of node a. A new connection from a to k
changes s_k by v_a, and so the loss by about g + h / 2, where g = E[v_a dL/ds_k] and h = E[(v_a dL/ds_k)^2]. h is the
empirical Fisher information and approximates the curvature. Removing a connection changes the loss by about -g + h / 2.
Both are summed over weights.

The loss is the cross-entropy at the logit temperature that fits each weight best. A temperature changes no class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.batch import Batch
from wann.genome import Genome
from wann.linear_algebra import linear_algebra

# Number of images in one matrix product. It is fixed, so that the product's shape depends only on the genome.
CHUNK = 1024
# Source nodes and target nodes. All their pairs are requested.
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class GradientRequest:
    """A request for the effect of possible connections of one genome on the loss."""

    genome: Genome
    pairs: Sequence[Pairs]


@dataclass(frozen=True)
class Gradients:
    """Effects for pairs of a source and a target node of one genome; 0 for pairs that were not requested."""

    first: NDArray[np.float32]  # [N, N] g by (source, target)
    second: NDArray[np.float32]  # [N, N] h
    steps: int  # images seen, at all weights

    @classmethod
    def nothing(cls, num_nodes: int) -> Gradients:
        """Gradients of 0 for all pairs."""
        first, second = np.zeros((2, num_nodes, num_nodes), np.float32)
        return cls(first, second, 0)

    @classmethod
    def of_pairs(
        cls, request: GradientRequest, first: Sequence[NDArray], second: Sequence[NDArray], steps: int
    ) -> Gradients:
        """Gradients from [S, T] arrays for the request's pairs of S sources and T targets."""
        whole = cls.nothing(request.genome.num_nodes)
        for (sources, targets), g, h in zip(request.pairs, first, second, strict=True):
            grid = np.ix_(sources, targets)
            whole.first[grid], whole.second[grid] = g, h
        return cls(whole.first, whole.second, steps)


def gradients(genome: Genome, weights: NDArray[np.float64], batch: Batch, pairs: Sequence[Pairs]) -> Gradients:
    """The effect of connections, by a forward and a backward pass through all nodes, including dead ones.

    Args:
        genome: N nodes; its disabled connections are ignored.
        weights: [W] shared weights.
        batch: B images.
        pairs: the requested pairs; sources and targets are node indices.
    """
    from wann.kernels.image_gradients import backward, forward_with_slopes

    program = GraphOfGenome.of(genome)
    first, second = np.zeros((2, genome.num_nodes, genome.num_nodes), np.float32)
    values = np.empty((genome.num_nodes, len(batch)), np.float32)
    values[0], values[1 : program.first_row] = 1, batch.inputs
    slopes = np.empty((genome.num_nodes - program.first_row, len(batch)), np.float32)
    for weight in weights.astype(np.float32):
        forward_with_slopes(program.activations, program.fan_in, program.sources, weight, values, slopes)
        deltas = np.zeros_like(slopes)
        deltas[program.outputs - program.first_row] = slope_of_loss(values[program.outputs], batch.labels)
        backward(program.fan_in, program.sources, program.first_row, slopes, deltas)
        for sources, targets in pairs:
            rows, columns = program.row_of[sources], program.row_of[targets] - program.first_row
            g, h = _moments(values[rows], deltas[columns])
            first[np.ix_(sources, targets)] += g
            second[np.ix_(sources, targets)] += h
    return Gradients(first, second, len(weights) * len(batch))


def slope_of_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """B times the derivative of the mean cross-entropy with respect to logits [O, B], at the best temperature."""
    from wann.kernels.cross_entropy import fit_scales

    scales = np.ones(1, np.float32)
    fit_scales(logits[None], labels, scales)
    scale = scales[0]
    shares = np.exp(scale * (logits - logits.max(axis=0)))
    slope = shares / shares.sum(axis=0)
    slope[labels, np.arange(len(labels))] -= 1
    return scale * slope


@dataclass(frozen=True)
class GraphOfGenome:
    """A genome in the form that kernels take, without pruning: a row for each node, computed nodes in order."""

    activations: NDArray[np.int8]
    fan_in: NDArray[np.int32]
    sources: NDArray[np.int32]
    first_row: int
    row_of: NDArray[np.int64]  # [N] by node
    outputs: NDArray[np.int64]  # [O] rows

    @classmethod
    def of(cls, genome: Genome) -> GraphOfGenome:
        from wann.kernels.compilation import by_target, topological

        if not genome.is_plain:
            raise ValueError("expected a feed-forward genome of sums, as gradients are not passed through time")
        count, first_row = genome.num_nodes, 1 + genome.num_inputs
        offsets, genes = by_target(genome.targets, genome.enabled, count)
        order = topological(genome.sources, offsets, genes, count)
        order = np.concatenate([np.arange(first_row), order[order >= first_row]])
        row_of = np.empty(count, np.int64)
        row_of[order] = np.arange(count)
        computed = order[first_row:]
        fan_in = (offsets[1:] - offsets[:-1])[computed]
        parts = [np.sort(row_of[genome.sources[genes[offsets[n] : offsets[n + 1]]]]) for n in computed]
        sources = np.concatenate(parts) if parts else np.zeros(0)
        outputs = row_of[first_row : genome.num_fixed]
        arrays = genome.activations[computed], fan_in.astype(np.int32), sources.astype(np.int32)
        return cls(*arrays, first_row, row_of, outputs)


def _moments(values: NDArray[np.float32], deltas: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
    """Mean of the products, and of their squares, of [S, B] values and [T, B] deltas: both [S, T]."""
    g, h = np.zeros((2, len(values), len(deltas)), np.float32)
    with linear_algebra().limit(limits=1, user_api="blas"):
        for begin in range(0, values.shape[1], CHUNK):
            v, d = values[:, begin : begin + CHUNK], deltas[:, begin : begin + CHUNK]
            g += v @ d.T
            h += np.square(v) @ np.square(d).T
    return g / values.shape[1], h / values.shape[1]
