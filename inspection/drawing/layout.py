"""The layout of a network's nodes: layered by topological depth, and ordered so that few connections cross.

Rows of nodes follow Sugiyama's method: connections over several layers pass through waypoints, which all connections of
a source share; layers are ordered by barycentres; heights are those of least squares under minimal distances. Networks
that see images are drawn on rings around the image instead, a ring for each depth.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from wann.network import Network, Networks, node_levels

Point = tuple[float, float]

_SWEEPS = 24
_SETTLING = 40
_MOST_CROSSED = 2000  # connections between two layers whose crossings are counted


@dataclass(frozen=True)
class Layout:
    """Places in units of 1/96 inch, y downwards, the upper left corner at (0, 0)."""

    places: NDArray[np.float64]  # [1 + I + N, 2] of every row of the network
    depths: NDArray[np.int64]  # [1 + I + N] 0 for bias and inputs; all outputs are in the last
    routes: tuple[tuple[Point, ...], ...]  # for each live connection, its waypoints between source and target
    width: float
    height: float
    node_radius: float
    pixel_side: float = 0.0  # of an input drawn as a pixel; 0 if inputs are nodes


def depths_of(network: Network) -> NDArray[np.int64]:
    """[1 + I + N] longest path from the inputs, all outputs moved to the last layer."""
    levels = 1 + node_levels(Networks.of([network]))
    hidden = levels[: network.num_hidden]
    levels[network.num_hidden :] = 1 + hidden.max(initial=0)
    return np.concatenate([np.zeros(1 + network.num_inputs, np.int64), levels])


def ends_of(network: Network) -> NDArray[np.int64]:
    """[E, 2] source and target of every live connection, in program order: rows but those of memory.

    Memory has no place in a picture. A delayed connection begins at the node whose value it reads.
    """
    targets = np.repeat(np.arange(len(network.fan_in)) + 1 + network.num_inputs, network.fan_in)
    return np.stack([_origins(network)[0][network.sources], targets], axis=1)


def delays_of(network: Network) -> NDArray[np.int64]:
    """[E] delay of every live connection in steps, in program order."""
    return _origins(network)[1][network.sources]


def _origins(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The drawn row whose value each row holds, and its age in steps, both [1 + I + M + N]."""
    rows = np.arange(network.first_row + len(network.activations))
    origin, age = np.where(rows < network.first_row, rows, rows - len(network.copies)), np.zeros_like(rows)
    for row, source in reversed(network.copies.tolist()):
        origin[row], age[row] = origin[source], age[source] + 1
    return origin, age


# --- rows of nodes, from left to right ---


def layered_layout(network: Network, left: float, right: float) -> Layout:
    """A layout from inputs at the left to outputs at the right.

    Args:
        network: any, though more than a few hundred connections are hard to follow.
        left: width of the longest label of an input, which is placed before its node.
        right: width of the longest label of an output, which is placed after its node.
    """
    depths, ends, delays = depths_of(network), ends_of(network), delays_of(network)
    graph = _Graph(network, depths, ends, delays)
    graph.order()
    heights = graph.heights()
    largest = max(len(layer) for layer in graph.layers)
    unit = float(np.clip(760 / max(largest, 1), 26, 50))
    radius = 0.34 * unit
    step = float(np.clip(1000 / (len(graph.layers) - 1), 78, 190))
    heights = heights * unit
    top = radius + 12 + _arch(depths, ends[delays > 0], step, radius)
    places = np.zeros((len(depths), 2))
    places[:, 0] = left + radius + 14 + step * depths
    places[:, 1] = top + heights[: len(depths)]
    before = left + radius + 14
    routes = tuple(
        tuple((before + step * layer, top + float(heights[vertex])) for layer, vertex in graph.between(source, target))
        if not delay
        else ()
        for (source, target), delay in zip(ends.tolist(), delays.tolist(), strict=True)
    )
    width = float(places[:, 0].max() + radius + 14 + right)
    return Layout(places, depths, routes, width, float(heights.max(initial=0) + top + radius + 12), radius)


def _arch(depths: NDArray[np.int64], delayed: NDArray[np.int64], step: float, radius: float) -> float:
    """Room over the highest node for delayed connections (`inspection.drawing.connection_paths.delayed_curve`)."""
    if not len(delayed):
        return 0.0
    farthest = step * int(np.abs(np.diff(depths[delayed], axis=1)).max())
    return max(1.6 * radius, 0.4 * radius + 0.135 * farthest)


@dataclass(frozen=True)
class _Pulls:
    """The neighbours of the vertices of a layer, one vertex after another, and their weights."""

    others: NDArray[np.int64]  # [K]
    weights: NDArray[np.float64]  # [K]
    begins: NDArray[np.int64]  # [V] of each vertex in them
    totals: NDArray[np.float64]  # [V] sum of its weights

    def means(self, heights: NDArray[np.float64]) -> NDArray[np.float64]:
        """[V] weighted mean height of each vertex's neighbours."""
        return np.add.reduceat(heights[self.others] * self.weights, self.begins) / self.totals


class _Graph:
    """Rows and waypoints as vertices in layers, and connections between neighbouring layers."""

    def __init__(
        self, network: Network, depths: NDArray[np.int64], ends: NDArray[np.int64], delays: NDArray[np.int64]
    ) -> None:
        self.num_rows = len(depths)
        self._depths = depths.tolist()
        self._used = np.isin(np.arange(self.num_rows), ends)
        self.layers: list[list[int]] = [[] for _ in range(int(depths.max()) + 1)]
        for row, depth in enumerate(self._depths):
            self.layers[depth].append(row)
        self._outputs = range(self.num_rows - network.num_outputs, self.num_rows)
        self._waypoints: dict[tuple[int, int], int] = {}  # (source, layer) -> vertex
        self._before: dict[int, list[int]] = defaultdict(list)
        self._after: dict[int, list[int]] = defaultdict(list)
        self._count = self.num_rows
        links: set[tuple[int, int]] = set()
        for source, target in ends[delays == 0].tolist():  # the others run freely
            vertex = source
            for layer in range(self._depths[source] + 1, self._depths[target]):
                following = self._waypoint(source, layer)
                links.add((vertex, following))
                vertex = following
            links.add((vertex, target))
        for vertex, following in sorted(links):
            self._after[vertex].append(following)
            self._before[following].append(vertex)

    def _waypoint(self, source: int, layer: int) -> int:
        key = (source, layer)
        if key not in self._waypoints:
            self._waypoints[key] = self._count
            self.layers[layer].append(self._count)
            self._count += 1
        return self._waypoints[key]

    def between(self, source: int, target: int) -> list[tuple[int, int]]:
        """(layer, vertex) of the waypoints of a connection."""
        layers = range(self._depths[source] + 1, self._depths[target])
        return [(layer, self._waypoints[source, layer]) for layer in layers]

    def order(self) -> None:
        """Sweep barycentres up and down; keep the order of fewest crossings. Outputs keep theirs."""
        self._sort(0, self._after)
        best, fewest = [list(layer) for layer in self.layers], np.inf
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            inner = range(1, len(self.layers) - 1)
            for index in inner if down else reversed(range(len(self.layers) - 1)):
                self._sort(index, self._before if down else self._after)
            crossings = sum(self._crossings(*both) for both in pairwise(self.layers))
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort(self, index: int, neighbours: dict[int, list[int]]) -> None:
        near = self.layers[max(index - 1, 0) : index + 2]  # connections end in a neighbouring layer
        where = {vertex: place for layer in near for place, vertex in enumerate(layer)}
        sizes = {vertex: len(layer) for layer in near for vertex in layer}

        def barycentre(vertex: int) -> tuple[bool, float]:
            others = neighbours[vertex]
            unused = vertex < self.num_rows and not self._used[vertex]
            if unused or not others:
                return unused, (where[vertex] + 0.5) / sizes[vertex]
            return False, sum((where[other] + 0.5) / sizes[other] for other in others) / len(others)

        self.layers[index].sort(key=barycentre)

    def _crossings(self, layer: list[int], following: list[int]) -> int:
        after = {vertex: place for place, vertex in enumerate(following)}
        pairs = [(place, after[other]) for place, vertex in enumerate(layer) for other in self._after[vertex]]
        if not pairs or len(pairs) > _MOST_CROSSED:
            return 0
        begin, end = np.array(pairs).T
        return int(((begin[:, None] < begin) & (end[:, None] > end)).sum())

    def heights(self) -> NDArray[np.float64]:
        """[vertices] in units of the distance between two nodes of a layer."""
        heights = np.zeros(self._count)
        offsets = [self._offsets(layer) for layer in self.layers]
        tallest = max((float(offset[-1]) for offset in offsets if len(offset)), default=0.0)
        for layer, offset in zip(self.layers, offsets, strict=True):
            if layer:
                heights[layer] = offset + (tallest - offset[-1]) / 2
        pulls = [self._pulls(layer) for layer in self.layers]
        for turn in range(_SETTLING):
            order = range(len(self.layers))
            for index in order if turn % 2 else reversed(order):
                wanted = pulls[index].means(heights)
                heights[self.layers[index]] = monotone(wanted - offsets[index]) + offsets[index]
        return heights - heights.min()

    def _pulls(self, layer: list[int]) -> _Pulls:
        """Where each vertex of a layer is drawn to: the mean of its neighbours, or its own place if it has none."""
        neighbours = [self._before[vertex] + self._after[vertex] or [vertex] for vertex in layer]
        others, counts = np.array(list(chain(*neighbours)), int), np.array([len(own) for own in neighbours], int)
        # Waypoints pull at each other, so that long connections run straight.
        both = (others >= self.num_rows) & (np.repeat(layer, counts) >= self.num_rows)
        weights, begins = np.where(both, 4.0, 1.0), np.cumsum(counts) - counts
        return _Pulls(others, weights, begins, np.add.reduceat(weights, begins))

    def _offsets(self, layer: list[int]) -> NDArray[np.float64]:
        """Least heights above the first of a layer."""
        sizes = np.array([self._size(vertex) for vertex in layer])
        gaps = (sizes[1:] + sizes[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(gaps)])[: len(layer)]

    def _size(self, vertex: int) -> float:
        if vertex >= self.num_rows:
            return 0.3
        if vertex in self._outputs or self._used[vertex]:
            return 1.0
        return 0.58


def monotone(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest non-decreasing values (least squares), by the pool-adjacent-violators algorithm."""
    means: list[float] = []
    counts: list[int] = []
    for value in values.tolist():
        means.append(value)
        counts.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            mean, count = means.pop(), counts.pop()
            means[-1] = (means[-1] * counts[-1] + mean * count) / (counts[-1] + count)
            counts[-1] += count
    return np.repeat(means, counts)


# --- rings around an image ---

_IMAGE_SIDE = 280.0
_FIRST_RING, _LAST_RING = 250.0, 452.0
_EDGE = 528.0  # from the middle to the border of the picture


def ring_layout(network: Network) -> Layout:
    """The image in the middle, hidden nodes on a ring for each depth, outputs evenly on the outermost."""
    depths, ends = depths_of(network), ends_of(network)
    side = round(network.num_inputs**0.5)
    pixel = _IMAGE_SIDE / side
    places = np.zeros((len(depths), 2))
    rows, columns = np.divmod(np.arange(side * side), side)
    places[1 : 1 + side * side, 0] = (columns + 0.5) * pixel - _IMAGE_SIDE / 2
    places[1 : 1 + side * side, 1] = (rows + 0.5) * pixel - _IMAGE_SIDE / 2
    places[0] = 0, _IMAGE_SIDE / 2 + 22
    last = int(depths.max())
    radii = np.zeros(last + 1)
    radii[1:] = np.linspace(_FIRST_RING, _LAST_RING, last) if last > 1 else _LAST_RING
    _turn(places, depths, ends, radii, network.num_outputs)
    crowd = max(int((depths == depth).sum()) / max(radius, 1) for depth, radius in enumerate(radii) if depth)
    gap = (_LAST_RING - _FIRST_RING) / max(last - 1, 1)
    node_radius = float(np.clip(min(2 * np.pi / crowd * 0.42, gap * 0.36), 1.6, 10))
    places += _EDGE
    return Layout(places, depths, ((),) * len(ends), 2 * _EDGE, 2 * _EDGE, node_radius, pixel)


def _turn(
    places: NDArray[np.float64],
    depths: NDArray[np.int64],
    ends: NDArray[np.int64],
    radii: NDArray[np.float64],
    num_outputs: int,
) -> None:
    """Spread each ring evenly, in the order of the directions of its nodes' neighbours."""
    outputs = np.arange(len(depths) - num_outputs, len(depths))
    angles = -np.pi / 2 + 2 * np.pi * np.arange(num_outputs) / num_outputs
    places[outputs] = radii[-1] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = [np.flatnonzero(depths == depth) for depth in range(1, len(radii) - 1)]
    for _ in range(12):
        for ring, radius in zip(rings, radii[1:], strict=False):
            _spread(places, ring, radius, ends)
        for ring, radius in zip(reversed(rings), radii[-2:0:-1], strict=False):
            _spread(places, ring, radius, ends)


def _spread(places: NDArray[np.float64], ring: NDArray[np.int64], radius: float, ends: NDArray[np.int64]) -> None:
    if not len(ring):
        return
    pull = np.zeros_like(places)
    # Use directions, not distances, so that a pixel pulls less than a node on a ring.
    lengths = np.maximum(np.hypot(*places.T), _FIRST_RING)[:, None]
    np.add.at(pull, ends[:, 0], (places / lengths)[ends[:, 1]])
    np.add.at(pull, ends[:, 1], (places / lengths)[ends[:, 0]])
    wanted = np.arctan2(pull[ring, 1], pull[ring, 0])
    order = np.argsort(wanted, kind="stable")
    slots = 2 * np.pi * np.arange(len(ring)) / len(ring)
    turn = np.angle(np.exp(1j * (wanted[order] - slots)).mean())
    places[ring[order]] = radius * np.stack([np.cos(slots + turn), np.sin(slots + turn)], axis=1)
