"""CarRacing's tracks: the road of a seed, with the same bits as Gymnasium's ``CarRacing._create_track``.

A road runs through twelve random checkpoints around the field, in steps of equal length, and every step is a tile. A
road that does not close is discarded, and the next one drawn from the same generator. Kerbs stand beside hard turns.
All arithmetic is in float64, in Gymnasium's order, with the C library's sine and cosine, as in Python.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.kernels.jit import jit, part

SCALE = 6.0
TRACK_RADIUS = 900 / SCALE  # of the circle on which checkpoints lie at most
PLAYFIELD = 2000 / SCALE  # half a side of the field
DETAIL_STEP = 21 / SCALE  # length of a tile
TURN_RATE = 0.31  # largest turn between tiles, in radians
TRACK_WIDTH = 40 / SCALE  # half the road's width
KERB_WIDTH = 8 / SCALE
KERB_COUNT = 4  # tiles that turn hard in one direction before a kerb
CHECKPOINTS = 12
MOST_POINTS = 2500  # at which an attempt is given up
START_ALPHA = 2 * math.pi * (-0.5) / CHECKPOINTS

# Columns of points.
ALPHA, BETA, X, Y = range(4)


@dataclass(frozen=True)
class Track:
    """The road of one seed: n tiles, in the order in which the road runs.

    A car starts at the first point with the angle beta.
    """

    points: NDArray[np.float64]  # [n, 4] alpha, beta (the road's direction), x, y
    borders: NDArray[np.bool_]  # [n] has a kerb on its outer side, white at even tiles and red at odd ones
    tiles: NDArray[np.float64]  # [n, 4, 2] corners; a tile joins its point with the one before it


def make_track(seed: int) -> Track:
    """The road on which an episode of Gymnasium's environment with this seed takes place."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed))))
    points = np.empty((MOST_POINTS, 4))
    first, end = draw_points(generator, points)
    points = points[first:end].copy()
    borders = np.zeros(len(points), np.bool_)
    tiles = np.empty((len(points), 4, 2))
    lay(points, borders, tiles)
    return Track(points, borders, tiles)


@jit
def draw_points(generator, points):
    """Draw roads until one closes; return the range of its points in ``points`` [2500, 4], which are written."""
    checkpoints = np.empty((CHECKPOINTS, 3))
    while True:
        _draw_checkpoints(generator, checkpoints)
        count = _follow(checkpoints, points)
        first, end = _closed_loop(points, count)
        if end > first:
            return first, end


@part
def _draw_checkpoints(generator, checkpoints):
    """Write alpha, x, y of all checkpoints [12, 3]. The first and the last are fixed but draw their numbers too."""
    spread = 2 * math.pi * 1 / CHECKPOINTS
    for c in range(CHECKPOINTS):
        alpha = 2 * math.pi * c / CHECKPOINTS + spread * generator.random()
        radius = TRACK_RADIUS / 3 + (TRACK_RADIUS - TRACK_RADIUS / 3) * generator.random()
        if c == 0:
            alpha = 0.0
            radius = 1.5 * TRACK_RADIUS
        if c == CHECKPOINTS - 1:
            alpha = 2 * math.pi * c / CHECKPOINTS
            radius = 1.5 * TRACK_RADIUS
        checkpoints[c, 0] = alpha
        checkpoints[c, 1] = radius * math.cos(alpha)
        checkpoints[c, 2] = radius * math.sin(alpha)


@part
def _follow(checkpoints, points):
    """Run through the checkpoints for some laps; write the points and return their number."""
    x, y, beta = 1.5 * TRACK_RADIUS, 0.0, 0.0
    target = 0
    laps = 0
    other_side = False
    for count in range(MOST_POINTS):
        alpha = math.atan2(y, x)
        if other_side and alpha > 0:
            laps += 1
            other_side = False
        if alpha < 0:
            other_side = True
            alpha += 2 * math.pi
        alpha, target = _next_checkpoint(checkpoints, alpha, target)
        ahead_x, ahead_y = checkpoints[target % CHECKPOINTS, 1] - x, checkpoints[target % CHECKPOINTS, 2] - y
        right_x, right_y = math.cos(beta), math.sin(beta)
        sideways = right_x * ahead_x + right_y * ahead_y
        while beta - alpha > 1.5 * math.pi:
            beta -= 2 * math.pi
        while beta - alpha < -1.5 * math.pi:
            beta += 2 * math.pi
        before = beta
        sideways *= SCALE
        if sideways > 0.3:
            beta -= min(TURN_RATE, abs(0.001 * sideways))
        if sideways < -0.3:
            beta += min(TURN_RATE, abs(0.001 * sideways))
        x += -right_y * DETAIL_STEP
        y += right_x * DETAIL_STEP
        points[count, ALPHA] = alpha
        points[count, BETA] = before * 0.5 + beta * 0.5
        points[count, X] = x
        points[count, Y] = y
        if laps > 4:
            return count + 1
    return MOST_POINTS


@part
def _next_checkpoint(checkpoints, alpha, target):
    """Alpha, and the number of the first checkpoint from ``target`` on that does not lie behind it.

    Alpha is a turn less for every time that all checkpoints lay behind.
    """
    while True:
        while True:
            if alpha <= checkpoints[target % CHECKPOINTS, 0]:
                return alpha, target
            target += 1
            if target % CHECKPOINTS == 0:
                break
        alpha -= 2 * math.pi


@part
def _closed_loop(points, count):
    """The range of points of the last whole lap; an empty one if there is none or its ends do not meet."""
    first, end = -1, -1
    for i in range(count - 1, 0, -1):
        if points[i, ALPHA] > START_ALPHA and points[i - 1, ALPHA] <= START_ALPHA:
            if end == -1:
                end = i
            else:
                first = i
                break
    if first == -1:
        return 0, 0
    end -= 1
    across_x, across_y = math.cos(points[first, BETA]), math.sin(points[first, BETA])
    gap_x = across_x * (points[first, X] - points[end - 1, X])
    gap_y = across_y * (points[first, Y] - points[end - 1, Y])
    if math.sqrt(gap_x * gap_x + gap_y * gap_y) > DETAIL_STEP:
        return 0, 0
    return first, end


@jit
def lay(points, borders, tiles):
    """Lay the tiles of a road, and mark those with a kerb, where it turns hard.

    Args:
        points: [n, 4].
        borders: [n] bool, all False, written.
        tiles: [n, 4, 2] corners, written.
    """
    _mark_hard_turns(points, borders)
    for i in range(len(points)):
        strip(points[i], points[i - 1], -TRACK_WIDTH, TRACK_WIDTH, tiles[i])


@jit
def strip(here, before, left, right, corners):
    """Write the four corners of a strip from one point to another, between two distances from the road's middle."""
    corners[0, 0] = here[X] + left * math.cos(here[BETA])
    corners[0, 1] = here[Y] + left * math.sin(here[BETA])
    corners[1, 0] = here[X] + right * math.cos(here[BETA])
    corners[1, 1] = here[Y] + right * math.sin(here[BETA])
    corners[2, 0] = before[X] + right * math.cos(before[BETA])
    corners[2, 1] = before[Y] + right * math.sin(before[BETA])
    corners[3, 0] = before[X] + left * math.cos(before[BETA])
    corners[3, 1] = before[Y] + left * math.sin(before[BETA])


@part
def _mark_hard_turns(points, borders):
    """Mark tiles at the end of four hard turns in one direction, and the four tiles before each mark.

    Indices below 0 count from the end of the road, as in Python, so marks at its start spread to its end.
    """
    for i in range(len(points)):
        good = True
        one_side = 0.0
        for back in range(KERB_COUNT):
            turn = points[i - back, BETA] - points[i - back - 1, BETA]
            good &= abs(turn) > TURN_RATE * 0.2
            one_side += np.sign(turn)
        borders[i] = good and abs(one_side) == KERB_COUNT
    for i in range(len(points)):
        for back in range(KERB_COUNT):
            borders[i - back] |= borders[i]
