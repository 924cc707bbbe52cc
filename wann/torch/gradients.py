"""Effect of each possible connection of a genome on the loss, by torch, on any device; see `wann.gradients`.

Forward and backward passes go level by level over as many images as fit into memory. Sums over images are made in
chunks of fixed size, in a fixed order, so the amount of memory changes no bit.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wann.batch import Batch
from wann.genome import Genome
from wann.gradients import CHUNK, Gradients, GraphOfGenome, Pairs, slope_of_loss
from wann.network import longest_paths
from wann.torch.device import repeatable
from wann.torch.program import (
    Graph,
    Program,
    Tensor,
    columns_by_step,
    images_on_device,
    most_nodes,
    on_device,
    temporary_bytes,
)

LOGGER = logging.getLogger(__name__)


def gradients(
    genome: Genome,
    weights: NDArray[np.float64],
    batch: Batch,
    pairs: Sequence[Pairs],
    device: str = "cpu",
    memory_bytes: int = 2**30,
) -> Gradients:
    """Like `wann.gradients.gradients`, on a torch device.

    Args:
        genome: N nodes.
        weights: [W] shared weights.
        batch: B images.
        pairs: the requested pairs.
        device: a torch device, such as "cuda" or "cpu".
        memory_bytes: limit on the memory of the images held at once, which are at least 1024; halved if the device has
            less.

    Raises:
        torch.OutOfMemoryError: the device has too little memory for 1024 images.
    """
    graph = GraphOfGenome.of(genome)
    chunks = _chunks_within(graph, pairs, len(batch), device, memory_bytes)
    with repeatable(device):
        while True:
            try:
                passes = _Passes.of(graph, batch, pairs, device, most_nodes(chunks * CHUNK, device, memory_bytes))
                sums = passes.sums(weights.astype(np.float32), chunks)
                break
            except torch.OutOfMemoryError:
                if chunks == 1:
                    raise
            chunks //= 2
            LOGGER.warning("%s is out of memory: going on with %d images at once", device, chunks * CHUNK)
            torch.cuda.empty_cache()
        first, second = np.zeros((2, genome.num_nodes, genome.num_nodes), np.float32)
        for (sources, targets), (g, h) in zip(pairs, sums, strict=True):
            first[np.ix_(sources, targets)] += (g / len(batch)).cpu().numpy()
            second[np.ix_(sources, targets)] += (h / len(batch)).cpu().numpy()
    return Gradients(first, second, len(weights) * len(batch))


def _chunks_within(graph: GraphOfGenome, pairs: Sequence[Pairs], count: int, device: str, memory_bytes: int) -> int:
    """Number of chunks of images that can be held at once; at least one."""
    nodes, inputs = len(graph.activations), graph.first_row
    padded = -(-count // CHUNK) * CHUNK
    sizes = [(len(sources), len(targets)) for sources, targets in pairs]
    products = 4 * CHUNK * max((s + t for s, t in sizes), default=0) + 8 * sum(s * t for s, t in sizes)
    fixed = 4 * inputs * (padded + nodes) + products + temporary_bytes(CHUNK, device, memory_bytes)
    # Values; slopes; the contributions of inputs to values, which are replaced by derivatives later.
    of_a_chunk = 4 * CHUNK * (inputs + 3 * nodes) + temporary_bytes(CHUNK, device, 0)
    return max(1, min(padded // CHUNK, (memory_bytes - fixed) // of_a_chunk))


@dataclass(frozen=True)
class _Passes:
    """One genome and one batch on a device."""

    program: Program
    followers: list[tuple[tuple[Tensor, Tensor], ...]]  # per step: (nodes, nodes that they feed), no node twice
    outputs: Tensor  # [O] nodes
    pairs: list[tuple[Tensor, Tensor]]  # rows of sources, and nodes of targets
    images: Tensor  # [1 + I, B], padded
    labels: NDArray[np.int64]
    device: str

    @classmethod
    def of(cls, graph: GraphOfGenome, batch: Batch, pairs: Sequence[Pairs], device: str, at_once: int) -> _Passes:
        first_row, num_nodes = graph.first_row, len(graph.activations)
        targets = np.repeat(np.arange(num_nodes), graph.fan_in)
        inner = graph.sources >= first_row
        levels = longest_paths(num_nodes, graph.sources[inner] - first_row, targets[inner])
        program = Program(Graph(first_row, graph.activations, levels, targets, graph.sources), device, False, at_once)
        followers = _followers(program, graph.sources[inner], first_row + targets[inner], device)
        row_of = program.row_of[graph.row_of]
        ends = [[row_of[sources], row_of[targets] - first_row] for sources, targets in pairs]
        outputs, *found = on_device([[program.row_of[graph.outputs] - first_row], *ends], device)
        images = images_on_device(batch.inputs, device)
        return cls(program, followers, outputs[0], [(s, t) for s, t in found], images, batch.labels, device)

    def sums(self, weights: NDArray[np.float32], chunks: int) -> list[tuple[Tensor, Tensor]]:
        """B times g and h, both [S, T], for each of the pairs. ``chunks`` of images are held at once."""
        shapes = [(len(sources), len(targets)) for sources, targets in self.pairs]
        sums = [(torch.zeros(shape, device=self.device), torch.zeros(shape, device=self.device)) for shape in shapes]
        held = chunks * CHUNK
        parts = [slice(begin, begin + held) for begin in range(0, len(self.labels), held)]
        first_row = self.program.first_row
        for weight in weights[:, None]:
            logits, passed = [], None
            for part in parts:
                passed = None
                passed = self._forward(weight, part)
                logits.append(passed[0].index_select(0, first_row + self.outputs)[:, 0])
            slope = self._slope_of_loss(torch.cat(logits, 1))
            for part in reversed(parts):  # the last one is still held
                values, deltas = passed or self._forward(weight, part)
                deltas = self._backward(deltas, slope[:, part])
                self._add(sums, values[:, 0], deltas[:, 0], len(self.labels[part]))
                del values, deltas
                passed = None
        return sums

    def _forward(self, weight: NDArray[np.float32], part: slice) -> tuple[Tensor, Tensor]:
        """Values [1 + I + N, 1, B'] and slopes [N, 1, B'] of some images."""
        images = self.images[:, part]
        nodes = self.program.num_rows - self.program.first_row
        slopes = torch.empty((nodes, 1, images.shape[1]), device=self.device)
        return self.program.values(weight, images, slopes), slopes

    def _slope_of_loss(self, logits: Tensor) -> Tensor:
        """The loss's derivative [O, B] with respect to logits, computed as on the processor; 0 for padding images."""
        slope = np.zeros(logits.shape, np.float32)
        count = len(self.labels)
        slope[:, :count] = slope_of_loss(np.ascontiguousarray(logits[:, :count].cpu().numpy()), self.labels)
        return torch.as_tensor(slope, device=self.device)

    def _backward(self, slopes: Tensor, slope_of_loss: Tensor) -> Tensor:
        """The loss's derivatives [N, 1, B'] with respect to sums; every level comes after those that it feeds."""
        first_row = self.program.first_row
        deltas = torch.zeros_like(slopes)
        deltas[self.outputs] = slope_of_loss[:, None]
        for step, followers in zip(reversed(self.program.steps), reversed(self.followers), strict=True):
            for nodes, fed in followers:  # no node occurs twice, so additions do not conflict
                deltas.index_add_(0, nodes, deltas.index_select(0, fed))
            own = slice(step.begin - first_row, step.end - first_row)
            deltas[own] *= slopes[own]
        return deltas

    def _add(self, sums: list[tuple[Tensor, Tensor]], values: Tensor, deltas: Tensor, count: int) -> None:
        """Add products of values [1 + I + N, B'] and derivatives [N, B'] of some images, the last chunk first."""
        for begin in reversed(range(0, count, CHUNK)):
            size = min(CHUNK, count - begin)
            for (sources, targets), (g, h) in zip(self.pairs, sums, strict=True):
                v = values.narrow(1, begin, size).index_select(0, sources)
                d = deltas.narrow(1, begin, size).index_select(0, targets)
                g.addmm_(v, d.T)
                h.addmm_(v.square_(), d.square_().T)


def _followers(
    program: Program, sources: NDArray[np.integer], targets: NDArray[np.integer], device: str
) -> list[tuple[tuple[Tensor, Tensor], ...]]:
    """Connections (rows of the graph) by the step that they leave: the first of each node, then the second, etc."""
    source, target = program.row_of[sources], program.row_of[targets]
    order = np.lexsort((-target, source))
    columns = columns_by_step(source[order], program.ends)
    ends = ((end - program.first_row)[order] for end in (source, target))
    nodes, fed = (on_device([[end[column] for column in step] for step in columns], device) for end in ends)
    return [tuple(zip(*step, strict=True)) for step in zip(nodes, fed, strict=True)]
