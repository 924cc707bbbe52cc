"""Drivers that collect varied frames of the road: they follow it by sight at changing offsets, or hold random actions.

A driver sees frames only, so it drives in either simulator. Actions are (steer, gas, brake) in their published ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.encoder import load_encoder
from envs.box2d.racer.task import to_actions
from wann.network import Network
from wann.oracle import forward_lanes

Action = NDArray[np.float32]  # [3]: steer in [-1, 1], gas and brake in [0, 1]

_AHEAD = slice(44, 62)  # rows of a frame a little before the car, which is drawn at row 70 and column 48
_MOST_STEPS = 40  # of a burst


class Driver(Protocol):
    """Drives one episode."""

    def act(self, frame: NDArray[np.uint8]) -> Action:
        """The action on a frame [96, 96, 3]."""
        ...


class Wanderer:
    """Holds random actions in bursts, which explore far more than fresh noise at each step would."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left = 0

    def act(self, frame: NDArray[np.uint8]) -> Action:
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

    def act(self, frame: NDArray[np.uint8]) -> Action:
        if self._left == 0:
            self._begin_burst()
        self._left -= 1
        road = None if self._lets_go else road_ahead(frame)
        if road is None:
            return self._wanderer.act(frame)
        steer = np.clip(self._gain * (road - self._aim) / 48, -1, 1)
        return np.array([steer, self._gas, self._brake], np.float32)

    def _begin_burst(self) -> None:
        self._left = int(self._rng.integers(10, _MOST_STEPS))
        self._lets_go = self._rng.random() < 0.08
        self._gain = self._rng.uniform(1, 4)
        self._aim = self._rng.normal(0, 6)  # pixels from the road's middle
        self._gas = self._rng.uniform(0, 0.5)
        self._brake = self._rng.uniform(0, 0.4) if self._rng.random() < 0.3 else 0.0


@dataclass(frozen=True)
class ChampionDriver:
    """Drives as a champion does at one weight, seeing through an encoder."""

    network: Network
    weight: float
    encoder: tuple[str, str]  # path and SHA-256, as `envs.box2d.racer.encoder.load_encoder` takes them

    def act(self, frame: NDArray[np.uint8]) -> Action:
        latents = load_encoder(*self.encoder).encode_frames(frame[None])
        return to_actions(forward_lanes(self.network, [self.weight], latents))[0]


def road_ahead(frame: NDArray[np.uint8]) -> float | None:
    """The place of the road's middle before the car, in pixels to the right of it; None where no road is in sight."""
    band = frame[_AHEAD].astype(np.int16)
    red, green, blue = band[..., 0], band[..., 1], band[..., 2]
    grey = (abs(red - green) <= 12) & (abs(red - blue) <= 12) & (red > 80) & (red < 130)
    columns = grey.sum(axis=0)
    total = columns.sum()
    return None if total < 20 else float(columns @ np.arange(96) / total - 47.5)
