"""The dashboard below CarRacing's picture: speed, four wheel speeds, steering and turning, as bars of pixels.

Gymnasium draws a bar for each number on its screen of 1000 x 800 pixels and shrinks the screen to 96 x 96. `read`
measures the bars in such a frame, and `shown` says how long they are for a pose: both in whole pixels of the screen, so
they agree, and a racer learns no more than the frame shows. A bar ends at a whole pixel; a slow wheel that turns
backwards looks like one that turns forwards; a car that spins fast hides its steering behind the bar of its turning.

Readings, about -1 to 1 on the road: the speed, the wheels (front left, front right, rear left, rear right), steering
(positive to the right) and turning (positive to the right).
"""

import math

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.pose import OMEGAS, SPIN, STEERING, VELOCITY_X, VELOCITY_Y
from wann.kernels.jit import inner, jit

READINGS = 7
# Pixels of a bar that are read as 1: a speed of 100 metres a second, 200 radians of a wheel, 0.4 of steering, 5 of
# turning.
FULL = (40.0, 40.0, 40.0, 40.0, 40.0, 100.0, 100.0)

_LEAST = 1e-4  # smaller numbers have no bar
_SCREEN_ROW, _SCREEN_COLUMN = 800 / 96, 1000 / 96  # pixels of the screen in one of a frame
_FULL_BYTE = 253.0  # of a colour of 255, because shrinking rounds down twice
# Upright bars stand on row 780 of the screen, which shrinks to rows 93 and 94 of a frame. Columns of a frame are
# those that lie within a bar, and not at its left end, where the bar before may reach.
_FIRST_ROW, _BASE_ROW, _ROWS = 84, 94, 96
_UPRIGHT = ((12, 0), (17, 2), (20, 2), (22, 2), (25, 2))  # column and colour
_TALLEST, _DEEPEST = 81, 20  # pixels between the base and the ends of the dashboard
_UNSEEN_DEPTH = 3  # pixels below the base that share a row with those above
# Lying bars start at a whole column of a frame.
_LYING_ROWS = (87, 91)
_STEERING_COLUMN, _TURNING_COLUMN = 48, 72
_LONGEST = 250  # pixels to either side


def read(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Readings [B, 7] of frames [B, 96, 96, 3]."""
    readings = np.empty((len(frames), READINGS), np.float32)
    read_frames(np.ascontiguousarray(frames), readings)
    return readings


@jit
def read_frames(frames, readings):
    """Write the readings [B, 7] float32 of frames [B, 96, 96, 3] uint8."""
    for b in range(len(frames)):
        for k in range(len(_UPRIGHT)):
            readings[b, k] = _height(frames[b], _UPRIGHT[k][0], _UPRIGHT[k][1]) / FULL[k]
        readings[b, 5] = _length(frames[b], _STEERING_COLUMN, 1) / FULL[5]
        readings[b, 6] = _length(frames[b], _TURNING_COLUMN, 0) / FULL[6]


@inner
def _height(frame, column, colour):
    """Pixels of an upright bar; negative if it hangs below the base."""
    total, below = 0.0, 0.0
    for row in range(_FIRST_ROW, _ROWS):
        value = float(frame[row, column, colour])
        total += value
        if row >= _BASE_ROW:
            below += value
    pixels = math.floor(total * (_SCREEN_ROW / _FULL_BYTE) + 0.5)
    return -pixels if below > 0 else pixels


@inner
def _length(frame, column, colour):
    """Pixels of a lying bar to the right of where it starts, less those to the left."""
    total = 0.0
    for row in range(_LYING_ROWS[0], _LYING_ROWS[1]):
        for away in range(24):
            total += float(frame[row, column + away, colour]) - float(frame[row, column - 1 - away, colour])
    return math.floor(total * (_SCREEN_COLUMN / _FULL_BYTE / (_LYING_ROWS[1] - _LYING_ROWS[0])) + 0.5)


@jit
def shown(pose, readings):
    """Write the readings [7] float32 that a frame of this pose [POSE] shows."""
    speed = math.sqrt(pose[VELOCITY_X] * pose[VELOCITY_X] + pose[VELOCITY_Y] * pose[VELOCITY_Y])
    readings[0] = _upright(speed, 0.02) / FULL[0]
    for w in range(4):
        readings[1 + w] = _upright(pose[OMEGAS + w], 0.01) / FULL[1 + w]
    steering, turning = _lying(pose[STEERING], -10.0, 20), _lying(pose[SPIN], -0.8, 30)
    if turning < 0:
        # The bar of turning is drawn last, over that of steering.
        steering = min(steering, max(_LONGEST + turning - 1, 0))
    readings[5] = max(min(steering, _LONGEST), -_LONGEST) / FULL[5]
    readings[6] = max(min(turning, _LONGEST), -_LONGEST) / FULL[6]


@inner
def _upright(value, scale):
    """Pixels of an upright bar, as `_height` reads them."""
    if abs(value) <= _LEAST:
        return 0
    top = int(800 - (20 + 20 * (scale * value)))
    if top <= 780:
        return min(781 - top, _TALLEST)
    depth = min(top - 779, _DEEPEST)
    return depth if depth <= _UNSEEN_DEPTH else -depth


@inner
def _lying(value, scale, place):
    """Pixels of a lying bar to the right of its start, less those to the left; its first pixel is to the right."""
    if abs(value) <= _LEAST:
        return 0
    return int((place + scale * value) * 25) - place * 25 + 1
