"""Drives in Gymnasium's CarRacing without pictures, written down frame by frame, for tests of the lanes' physics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.pose import pose_of


def blind_environment() -> Any:
    """Gymnasium's environment, which draws nothing: its physics does not depend on pictures."""
    from gymnasium.envs.box2d.car_racing import CarRacing

    class Blind(CarRacing):
        def _render(self, mode: str) -> NDArray[np.uint8]:
            return np.zeros((1, 1, 3), np.uint8)

    return gymnasium.wrappers.TimeLimit(Blind(), 1000)


@dataclass
class Drive:
    """T frames of one episode. Rows of poses and tiles begin with the state after the reset."""

    seed: int
    actions: NDArray[np.float32]  # [T, 3]
    rewards: NDArray[np.float64]  # [T]
    poses: NDArray[np.float64]  # [T + 1, POSE]
    tiles: list[list[set[int]]]  # [T + 1][4] tiles that each wheel touches, as of the beginning of the frame's step
    terminated: bool


def tiles_of(environment: Any) -> list[set[int]]:
    return [{tile.idx for tile in wheel.tiles} for wheel in environment.car.wheels]


def visit_all_but(environment: Any, number: int) -> None:
    """Count all tiles but one as visited, without a reward."""
    for tile in environment.road:
        tile.road_visited = tile.idx != number
    environment.tile_visited_count = len(environment.road) - 1


class Driver:
    """Follows the road by its true course, with pauses, spells of full lock and of random actions, by its seed."""

    def __init__(self, environment: Any, seed: int, wild: float = 0.3) -> None:
        self._environment, self._wild = environment, wild
        self._rng = np.random.default_rng(seed)
        self._road = np.array(environment.track)[:, 2:]
        self._left, self._held = 0, None
        self._speed, self._offset = 40.0, 0.0

    def act(self) -> NDArray[np.float32]:
        if self._left == 0:
            self._left = int(self._rng.integers(5, 40))
            self._speed, self._offset = self._rng.uniform(10, 70), self._rng.uniform(-0.3, 0.3)
            self._held = None
            if self._rng.random() < self._wild:
                self._held = np.float32(self._rng.uniform([-1, 0, 0], [1, 1, 1]))
                if self._rng.random() < 0.2:
                    self._held = np.float32([0, 0, self._rng.integers(2)])
        self._left -= 1
        return self._follow() if self._held is None else self._held

    def _follow(self) -> NDArray[np.float32]:
        hull = self._environment.car.hull
        here = np.array(hull.position)
        nearest = np.argmin(((self._road - here) ** 2).sum(axis=1))
        ahead = self._road[(nearest + 4) % len(self._road)] - here
        error = np.arctan2(ahead[1], ahead[0]) - np.pi / 2 - hull.angle
        error = (error + np.pi) % (2 * np.pi) - np.pi
        speed = np.linalg.norm(hull.linearVelocity)
        steer = np.clip(-2 * error + self._offset, -1, 1)
        return np.float32([steer, 0.6 * (speed < self._speed), 0.3 * (speed > self._speed + 10)])


def drive(
    seed: int, frames: int, wild: float = 0.3, script: Callable[[int], list[float]] | None = None, lacks: int = 0
) -> Drive:
    """Drive at most so many frames on the track of a seed.

    Args:
        seed: of the track and the driver.
        frames: at most.
        wild: share of the driver's time that is spent at random.
        script: the action of each frame, instead of a driver's.
        lacks: if not 0, all tiles but this one count as visited at the beginning.
    """
    wrapped = blind_environment()
    wrapped.reset(seed=seed)
    environment = wrapped.unwrapped
    if lacks:
        visit_all_but(environment, lacks)
    driver = Driver(environment, seed, wild)
    actions, rewards = [], []
    poses, tiles = [pose_of(environment)], [tiles_of(environment)]
    terminated = False
    for frame in range(frames):
        action = driver.act() if script is None else np.float32(script(frame))
        _, reward, terminated, truncated, _ = wrapped.step(action)
        actions.append(action)
        rewards.append(float(reward))
        poses.append(pose_of(environment))
        tiles.append(tiles_of(environment))
        if terminated or truncated:
            break
    return Drive(seed, np.array(actions), np.array(rewards), np.array(poses), tiles, terminated)
