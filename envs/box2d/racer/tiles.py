"""Which tiles a wheel touches, as Box2D's sensors report it.

Box2D compares two polygons as soon as their bounding boxes come near each other, at the beginning of every step, and
says that they touch if their distance (Gilbert, Johnson and Keerthi's, in float32) is no more than the rims around
both. Nothing of that depends on earlier steps. So a grid over the field finds the tiles near a wheel, separating axes
decide clear cases, and only the others need Box2D's own computation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.impact import distance
from envs.box2d.racer.track import PLAYFIELD, Track
from wann.kernels.jit import inner, jit

f32, i64 = np.float32, np.int64

CELL = 10.0  # side of a cell of the grid, in metres
CELLS = int(2 * PLAYFIELD / CELL) + 1  # along a side of the field
_NEAR = 0.7  # a wheel's corner is .61 from its middle
# Distances at which separating axes decide; rims are .02 wide together, and coordinates are exact to 3e-5.
_APART, _INSIDE = f32(0.022), f32(-0.002)
_RIMS, _CLOSE = f32(0.01) + f32(0.01), f32(10) * f32(1.1920929e-07)


@dataclass(frozen=True)
class Tiles:
    """The tiles of several tracks, one track after the other; n tiles in all.

    Attributes:
        first: [R + 1] the first tile of each track.
        corners: [n, 4, 2] float32, in Box2D's order: from the rightmost corner, counter-clockwise.
        planes: [n, 4, 3] float32: outward normal of each edge, and its distance from the origin.
        cells: [R, CELLS * CELLS + 1] int32: where the tiles of each cell begin in ``found``, and end.
        found: [M] int32: tiles near each cell, ascending, counted from the track's first.
    """

    first: NDArray[np.int64]
    corners: NDArray[np.float32]
    planes: NDArray[np.float32]
    cells: NDArray[np.int32]
    found: NDArray[np.int32]

    @classmethod
    def of(cls, tracks: list[Track]) -> Tiles:
        first = np.cumsum([0, *(len(track.tiles) for track in tracks)])
        corners = np.concatenate([track.tiles for track in tracks]).astype(np.float32)
        planes = np.empty((len(corners), 4, 3), np.float32)
        order_corners(corners, planes)
        cells = np.zeros((len(tracks), CELLS * CELLS + 1), np.int32)
        found = np.empty(count_near(first, corners, cells), np.int32)
        list_near(first, corners, cells, found)
        return cls(first, corners, planes, cells, found)

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """All arrays, as the kernels take them."""
        return self.first, self.corners, self.planes, self.cells, self.found


@jit
def order_corners(corners, planes):
    """Bring corners [n, 4, 2] into Box2D's order, in place, and write the edges' ``planes`` [n, 4, 3].

    A tile is convex, so the order is the given one or its reverse.
    """
    given = np.empty((4, 2), np.float32)
    for t in range(len(corners)):
        area = f32(0)
        begin = 0
        for i in range(4):
            j = (i + 1) % 4
            given[i, 0], given[i, 1] = corners[t, i, 0], corners[t, i, 1]
            area += corners[t, i, 0] * corners[t, j, 1] - corners[t, j, 0] * corners[t, i, 1]
            x, y, best = corners[t, i, 0], corners[t, i, 1], corners[t, begin, 0]
            if x > best or (x == best and y < corners[t, begin, 1]):
                begin = i
        turn = 1 if area > 0 else 3
        for i in range(4):
            corners[t, i, 0], corners[t, i, 1] = given[(begin + i * turn) % 4, 0], given[(begin + i * turn) % 4, 1]
        for i in range(4):
            j = (i + 1) % 4
            normal_x = corners[t, j, 1] - corners[t, i, 1]
            normal_y = corners[t, i, 0] - corners[t, j, 0]
            length = np.sqrt(normal_x * normal_x + normal_y * normal_y)
            planes[t, i, 0], planes[t, i, 1] = normal_x / length, normal_y / length
            planes[t, i, 2] = planes[t, i, 0] * corners[t, i, 0] + planes[t, i, 1] * corners[t, i, 1]


@inner
def cell_of(value):
    """Row or column of the grid; what lies beyond the field belongs to the outermost one."""
    return min(max(int((value + PLAYFIELD) / CELL), 0), CELLS - 1)


@inner
def _span(corners, t, axis):
    """First and last row or column of the grid that a wheel near tile t can be in."""
    low = min(min(corners[t, 0, axis], corners[t, 1, axis]), min(corners[t, 2, axis], corners[t, 3, axis]))
    high = max(max(corners[t, 0, axis], corners[t, 1, axis]), max(corners[t, 2, axis], corners[t, 3, axis]))
    return cell_of(low - _NEAR), cell_of(high + _NEAR)


@jit
def count_near(first, corners, cells):
    """Write to ``cells`` where the tiles of each cell begin; return the number of all."""
    total = 0
    for r in range(len(first) - 1):
        for t in range(first[r], first[r + 1]):
            left, right = _span(corners, t, 0)
            below, above = _span(corners, t, 1)
            for row in range(below, above + 1):
                for column in range(left, right + 1):
                    cells[r, row * CELLS + column + 1] += 1
        cells[r, 0] = total
        for cell in range(CELLS * CELLS):
            cells[r, cell + 1] += cells[r, cell]
        total = cells[r, CELLS * CELLS]
    return total


@jit
def list_near(first, corners, cells, found):
    """Write the tiles of each cell to ``found``."""
    filled = np.empty(CELLS * CELLS, np.int32)
    for r in range(len(first) - 1):
        filled[:] = cells[r, :-1]
        for t in range(first[r], first[r + 1]):
            left, right = _span(corners, t, 0)
            below, above = _span(corners, t, 1)
            for row in range(below, above + 1):
                for column in range(left, right + 1):
                    cell = row * CELLS + column
                    found[filled[cell]] = t - first[r]
                    filled[cell] += 1


@jit
def make_scratch():
    """Work space of `wheel_touches`."""
    return np.empty((4, 7), np.float32), np.zeros((4, 2), np.int64)


@inner
def wheel_touches(scratch, corners, planes, tile, wheel, x, y, sine, cosine):
    """True if a wheel touches a tile.

    Args:
        scratch: from `make_scratch`.
        corners: [n, 4, 2].
        planes: [n, 4, 3].
        tile: in both.
        wheel: [4, 2] float32 corners of a wheel in its own frame, in Box2D's order.
        x, y, sine, cosine: float32 position and rotation of the wheel.
    """
    half_width, half_length = wheel[0, 0], wheel[1, 1]
    gap = f32(-1e9)
    for i in range(4):
        normal_x, normal_y = planes[tile, i, 0], planes[tile, i, 1]
        reach = abs(cosine * normal_x + sine * normal_y) * half_width
        reach += abs(cosine * normal_y - sine * normal_x) * half_length
        gap = max(gap, normal_x * x + normal_y * y - planes[tile, i, 2] - reach)
    if gap > _APART:
        return False
    low_x, high_x, low_y, high_y = f32(1e9), f32(-1e9), f32(1e9), f32(-1e9)
    for i in range(4):
        right, up = corners[tile, i, 0] - x, corners[tile, i, 1] - y
        across, along = cosine * right + sine * up, cosine * up - sine * right
        low_x, high_x = min(low_x, across), max(high_x, across)
        low_y, high_y = min(low_y, along), max(high_y, along)
    gap = max(gap, max(max(low_x, -high_x) - half_width, max(low_y, -high_y) - half_length))
    if gap > _APART:
        return False
    if gap < _INSIDE:
        return True
    simplex, indices = scratch
    where = sine, cosine, x, y
    apart, _, _ = distance(corners[tile], i64(4), wheel, i64(4), where, simplex, indices, i64(0), f32(0))
    return apart <= _RIMS or apart - _RIMS < _CLOSE
