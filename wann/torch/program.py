"""Graphs of nodes on a torch device: all nodes of one level and one activation are computed at once.

Sums over the inputs are one product of a 0/1 matrix with the images, exact in float32
(`envs.images.inputs.smallest_difference`). The rest follows level by level. Sources are added from left to right, so
that sums have the same bits as in the lane kernels. Rows are in the order of computation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from wann.activations import ELEMENTWISE

Tensor = torch.Tensor
# Images are padded to a multiple of this, because the remainder of a processor's vectors is computed differently.
LANES = 64
# Bytes of sums computed at once: as many as fit into a processor's caches, and enough to keep a GPU busy.
_PIECE_ON_CPU, _PIECE = 2**19, 2**26
# Number of tensors of the size of these sums alive at once, and the largest share of the memory for one of them.
_TEMPORARIES, _PIECE_SHARE = 5, 1 / 20


FUNCTIONS: dict[int, Callable[[Tensor], Tensor]] = {
    entry.code: partial(entry.torch, torch) for entry in ELEMENTWISE.values()
}
# Derivatives as functions of the argument and the value. The slope of a step is 0, as is that of abs at 0.
SLOPES: dict[int, Callable[[Tensor, Tensor], Tensor]] = {
    entry.code: partial(entry.torch_slope, torch) for entry in ELEMENTWISE.values()
}


@dataclass(frozen=True)
class Graph:
    """N nodes, and connections from rows: the bias and the inputs, then the nodes."""

    first_row: int  # of the nodes, 1 + I
    activations: NDArray[np.int8]  # [N] codes
    levels: NDArray[np.int64]  # [N] longest path from a node that only the bias and the inputs feed
    targets: NDArray[np.int64]  # [E] nodes
    sources: NDArray[np.integer]  # [E] rows


@dataclass(frozen=True)
class Step:
    """Rows that are computed together, and their sources: the first of each row, then the second, and so on."""

    code: int
    begin: int
    end: int
    sources: tuple[Tensor, ...]
    edges: tuple[Tensor, ...]  # the connections from those


class Program:
    """A graph as index tensors.

    Args:
        graph: the graph to compute.
        device: a torch device.
        individual: True if each connection has its own weights; else all share one.
        most_nodes: maximal number of nodes computed at once; see `most_nodes`.
    """

    def __init__(self, graph: Graph, device: str, individual: bool, most_nodes: int) -> None:
        self._graph, self._device, self._individual = graph, device, individual
        self.first_row, self.num_rows = graph.first_row, graph.first_row + len(graph.activations)
        edges = np.arange(len(graph.sources))
        if not individual:
            edges = edges[graph.sources >= graph.first_row]
        fan_in = np.bincount(graph.targets[edges], minlength=len(graph.activations))
        order = np.lexsort((-fan_in, graph.activations, graph.levels))
        self.row_of = np.arange(self.num_rows)  # row of the program for each row of the graph
        self.row_of[graph.first_row + order] = np.arange(self.first_row, self.num_rows)
        group = (graph.levels * 256 + graph.activations)[order]
        ends = self.first_row + np.r_[np.flatnonzero(np.diff(group)) + 1, len(order)]
        begins = np.r_[self.first_row, ends[:-1]]
        pieces = [np.arange(b, e, most_nodes) for b, e in zip(begins, ends, strict=True)]
        begins = np.concatenate(pieces)
        self.ends = np.r_[begins[1:], self.num_rows]
        targets = self.row_of[graph.first_row + graph.targets[edges]]
        edges = edges[np.lexsort((edges, targets))]
        columns = columns_by_step(np.sort(targets), self.ends)
        sources = on_device([[self.row_of[graph.sources[edges[c]]] for c in step] for step in columns], device)
        own = on_device([[edges[c] for c in step] for step in columns] if individual else [[]] * len(columns), device)
        codes = graph.activations[order[begins - self.first_row]].tolist()
        self.steps = list(map(Step, codes, begins.tolist(), self.ends.tolist(), sources, own))

    def values(self, weights: NDArray[np.float32], images: Tensor, slopes: Tensor | None = None) -> Tensor:
        """Values of all rows, [1 + I + N, W, B].

        Args:
            weights: [W] shared, or [E, W] individual ones.
            images: [1 + I, B] with the bias, on the device.
            slopes: [N, W, B], written: derivatives of values with respect to unscaled sums. For shared weights only.
        """
        scale = torch.as_tensor(weights, device=self._device)
        values = torch.empty((self.num_rows, weights.shape[-1], images.shape[1]), device=self._device)
        values[: self.first_row] = images[:, None]
        of_inputs = None if self._individual else self._input_matrix() @ images
        for step in self.steps:
            x = values[step.begin : step.end]
            own = slice(step.begin - self.first_row, step.end - self.first_row)
            if of_inputs is None:
                self._add_weighted(x.zero_(), step, values, scale)
            else:
                x.copy_(of_inputs[own][:, None].expand_as(x))
                for sources in step.sources:
                    x[: len(sources)] += values.index_select(0, sources)
                x *= scale[:, None]
            y = FUNCTIONS[step.code](x)
            if slopes is not None:
                torch.mul(SLOPES[step.code](x, y), scale[:, None], out=slopes[own])
            x.copy_(y)
        return values

    def _add_weighted(self, sums: Tensor, step: Step, values: Tensor, scale: Tensor) -> None:
        for sources, edges in zip(step.sources, step.edges, strict=True):
            term = values.index_select(0, sources)
            term *= scale.index_select(0, edges)[:, :, None]
            sums[: len(sources)] += term

    def _input_matrix(self) -> Tensor:
        """The matrix [N, 1 + I] that is 1 where the bias or an input feeds a node."""
        there = self._graph.sources < self.first_row
        matrix = torch.zeros((self.num_rows - self.first_row, self.first_row), device=self._device)
        targets = self.row_of[self.first_row + self._graph.targets[there]] - self.first_row
        matrix[tuple(torch.as_tensor(a, device=self._device) for a in (targets, self._graph.sources[there]))] = 1
        return matrix


def columns_by_step(rows: NDArray[np.int64], ends: NDArray[np.int64]) -> list[list[NDArray[np.int64]]]:
    """Connections by the step of their row: the first of each row, then the second, and so on, rows ascending.

    Args:
        rows: [E] one end of each connection, ascending.
        ends: end of the rows of each step.
    """
    step = np.searchsorted(ends, rows, side="right")
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    order = np.lexsort((place, step))
    cuts = np.flatnonzero(np.diff(step[order]) | np.diff(place[order])) + 1
    columns: list[list[NDArray[np.int64]]] = [[] for _ in ends]
    for column in np.split(order, cuts) if len(order) else []:
        columns[step[column[0]]].append(column)
    return columns


def on_device(lists: list[list[NDArray[np.int64]]], device: str) -> list[tuple[Tensor, ...]]:
    """The arrays as tensors on a device, by one transfer."""
    arrays = [array for inner in lists for array in inner]
    whole = torch.as_tensor(np.concatenate([np.zeros(0, np.int64), *arrays]), device=device)
    parts = iter(whole.split([len(array) for array in arrays]))
    return [tuple(next(parts) for _ in inner) for inner in lists]


def most_nodes(lanes: int, device: str, memory_bytes: int) -> int:
    """Number of nodes, each with ``lanes`` lanes, that are computed at once; at least one."""
    piece = _PIECE_ON_CPU if torch.device(device).type == "cpu" else _PIECE
    return max(1, int(min(piece, memory_bytes * _PIECE_SHARE)) // (4 * lanes))


def temporary_bytes(lanes: int, device: str, memory_bytes: int) -> int:
    """Bytes that a step takes in addition to its values."""
    return _TEMPORARIES * 4 * lanes * most_nodes(lanes, device, memory_bytes)


def images_on_device(inputs: NDArray[np.float32], device: str) -> Tensor:
    """Images [1 + I, B] with the bias, from [I, B], padded with images of zeros."""
    count = inputs.shape[1]
    padded = np.zeros((1 + len(inputs), -(-count // LANES) * LANES), np.float32)
    padded[0], padded[1:, :count] = 1, inputs
    return torch.as_tensor(padded, device=device)
