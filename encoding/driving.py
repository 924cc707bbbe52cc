"""Drivers that collect varied pictures: they follow the road by sight at changing offsets, or hold random actions.

A driver sees pictures only, so it drives in either simulator. Actions are (steer, gas, brake) in their published
ranges.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Action = NDArray[np.float32]  # [3]: steer in [-1, 1], gas and brake in [0, 1]

_AHEAD = slice(15, 21)  # rows of a picture a little before the car, which is drawn at row 23 and column 16
_LEAST_ROAD = 3  # pixels of these rows
_MOST_STEPS = 40  # of a burst


class Driver(Protocol):
    """Drives one episode."""

    def act(self, picture: NDArray[np.float32]) -> Action:
        """The action on a picture [2, 28, 32]."""
        ...


class Wanderer:
    """Holds random actions in bursts, which explore far more than fresh noise at each step would."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left = 0

    def act(self, picture: NDArray[np.float32]) -> Action:
        if self._left == 0:
            self._left = int(self._rng.integers(5, _MOST_STEPS))
            steer, gas, brake = self._rng.uniform((-1, 0, 0), (1, 1, 0.5))
            self._held = np.array([steer, gas, brake if self._rng.random() < 0.3 else 0], np.float32)
        self._left -= 1
        return self._held


class Follower:
    """Steers towards the road, aiming beside its middle in bursts; now and then it lets go and wanders."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._wanderer = Wanderer(rng)
        self._left = 0

    def act(self, picture: NDArray[np.float32]) -> Action:
        if self._left == 0:
            self._begin_burst()
        self._left -= 1
        road = None if self._lets_go else road_ahead(picture)
        if road is None:
            return self._wanderer.act(picture)
        steer = np.clip(self._gain * (road - self._aim), -1, 1)
        return np.array([steer, self._gas, self._brake], np.float32)

    def _begin_burst(self) -> None:
        self._left = int(self._rng.integers(10, _MOST_STEPS))
        self._lets_go = self._rng.random() < 0.08
        self._gain = self._rng.uniform(1, 4)
        self._aim = self._rng.normal(0, 0.125)  # of half the picture's width, beside the road's middle
        self._gas = self._rng.uniform(0, 0.5)
        self._brake = self._rng.uniform(0, 0.4) if self._rng.random() < 0.3 else 0.0


def road_ahead(picture: NDArray[np.float32]) -> float | None:
    """The place of the road's middle before the car, -1 to 1 across a picture; None where no road is in sight."""
    green, red = picture[:, _AHEAD]
    grey = (abs(green - red) <= 0.05) & (red > 0.3) & (red < 0.5)
    columns = grey.sum(axis=0)
    total = columns.sum()
    width = len(columns)
    return None if total < _LEAST_ROAD else float((columns @ np.arange(width) / total + 0.5) / width * 2 - 1)
