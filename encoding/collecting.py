"""Frames from driving: jobs of a few episodes, run on Ray workers, put together by index.

The frames depend on the seed and the count, never on the number of workers.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoding.driving import ChampionDriver, Driver, Follower, Wanderer
from envs.box2d.racer.frames import preprocess

EPISODE_STEPS = 320
ZOOM_STEPS = 50  # in which the camera comes down from above the field
STRIDE, ZOOM_STRIDE = 4, 10  # steps from one kept frame to the next
EPISODES_PER_JOB = 8
WANDERERS = 6  # one episode in so many is driven blindly
SIMULATORS = ("envpool", "gymnasium")

# Called with the number of frames collected so far.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Frames:
    """F frames and where the car was; the truth is NaN where the simulator does not tell it."""

    pixels: NDArray[np.uint8]  # [F, 64, 64, 3]
    step: NDArray[np.int64]  # [F], of the episode
    episode: NDArray[np.int64]  # [F]
    offset: NDArray[np.float64]  # [F], half widths of the road to the right of its middle
    heading: NDArray[np.float64]  # [F], radians to the left of the road's direction

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Any) -> Frames:
        return Frames(*(getattr(self, field.name)[rows] for field in fields(self)))


def join(parts: list[Frames]) -> Frames:
    return Frames(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Frames)))


@dataclass(frozen=True)
class Job:
    """Episodes ``index * EPISODES_PER_JOB`` and following of one simulator."""

    simulator: str
    seed: int
    index: int
    held_out: bool = False  # episodes not used for training
    champion: ChampionDriver | None = None

    def run(self) -> Frames:
        """Drive them one after another."""
        first = self.index * EPISODES_PER_JOB
        return join([self._drive(episode) for episode in range(first, first + EPISODES_PER_JOB)])

    def _drive(self, episode: int) -> Frames:
        key = (SIMULATORS.index(self.simulator), int(self.held_out), episode)
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(self.seed, spawn_key=key)))
        driver = self._driver(episode, rng)
        simulator = _SIMULATORS[self.simulator](int(rng.integers(2**31)))
        try:
            return _record(simulator, driver, episode)
        finally:
            simulator.close()

    def _driver(self, episode: int, rng: np.random.Generator) -> Driver:
        if episode % WANDERERS == 0:
            return Wanderer(rng)
        if self.champion is not None and episode % 2:
            return self.champion
        return Follower(rng)


def _record(simulator: Any, driver: Driver, episode: int) -> Frames:
    frames, steps, truths = [], [], []
    for step in range(EPISODE_STEPS):
        if step % (STRIDE if step >= ZOOM_STEPS else ZOOM_STRIDE) == 0:
            frames.append(simulator.frame)
            steps.append(step)
            truths.append(simulator.truth())
        if not simulator.step(driver.act(simulator.frame)):
            break
    # Rounding to bytes moves a pixel by at most 1 / 510 and lets ten times as many frames stay in memory.
    pixels = np.rint(preprocess(np.stack(frames)) * 255).astype(np.uint8)
    offset, heading = np.array(truths).T
    return Frames(pixels, np.array(steps), np.full(len(steps), episode), offset, heading)


class _EnvPool:
    def __init__(self, seed: int) -> None:
        import envpool

        self._pool = envpool.make("CarRacing-v3", env_type="gymnasium", num_envs=1, num_threads=1, seed=[seed])
        self.frame = self._pool.reset()[0][0]

    def step(self, action: NDArray[np.float32]) -> bool:
        frames, _, terminated, truncated, _ = self._pool.step(action[None], np.zeros(1, np.int32))
        self.frame = frames[0]
        return not (terminated[0] or truncated[0])

    def truth(self) -> tuple[float, float]:
        return np.nan, np.nan

    def close(self) -> None:
        self._pool.close()


class _Gymnasium:
    def __init__(self, seed: int) -> None:
        import gymnasium

        self._environment = gymnasium.make("CarRacing-v3", disable_env_checker=True)
        self.frame, _ = self._environment.reset(seed=seed)

    def step(self, action: NDArray[np.float32]) -> bool:
        self.frame, _, terminated, truncated, _ = self._environment.step(action)
        return not (terminated or truncated)

    def truth(self) -> tuple[float, float]:
        return pose(self._environment.unwrapped)

    def close(self) -> None:
        self._environment.close()


_SIMULATORS: dict[str, Any] = {"envpool": _EnvPool, "gymnasium": _Gymnasium}


def pose(car_racing: Any) -> tuple[float, float]:
    """The car's offset from the road's middle, to the right in half widths, and its heading to the left in radians.

    Args:
        car_racing: Gymnasium's CarRacing, unwrapped.
    """
    from gymnasium.envs.box2d.car_racing import TRACK_WIDTH

    _, directions, xs, ys = np.array(car_racing.track).T
    hull = car_racing.car.hull
    dx, dy = hull.position[0] - xs, hull.position[1] - ys
    nearest = int(np.argmin(dx * dx + dy * dy))
    direction = directions[nearest]
    offset = (dx[nearest] * np.cos(direction) + dy[nearest] * np.sin(direction)) / TRACK_WIDTH
    heading = (hull.angle - direction + np.pi) % (2 * np.pi) - np.pi
    return float(offset), float(heading)


def collect(jobs: Iterator[Job], count: int, cpus_per_worker: float, progress: Progress) -> Frames:
    """``count`` frames of the first jobs that have so many together, run as tasks of the Ray that runs already."""
    parts: list[Frames] = []
    have = 0
    for part in _in_order(jobs, cpus_per_worker):
        parts.append(part)
        have += len(part)
        progress(min(have, count))
        if have >= count:
            break
    return join(parts).take(slice(count))


def _in_order(jobs: Iterator[Job], cpus_per_worker: float) -> Iterator[Frames]:
    """Results in the order of the jobs, a few of which run ahead."""
    import ray

    paths = [os.path.abspath(path) for path in sys.path]

    # A local function is shipped by value, and needs nothing importable to start.
    def run(job: bytes) -> Frames:
        sys.path[:] = paths + [path for path in sys.path if path not in paths]
        return pickle.loads(job).run()

    remote = ray.remote(num_cpus=cpus_per_worker)(run)
    ahead = 2 * max(1, round(ray.cluster_resources().get("CPU", 1) / cpus_per_worker))
    running: deque[Any] = deque()
    try:
        while True:
            running.extend(remote.remote(pickle.dumps(job)) for job in islice(jobs, ahead - len(running)))
            if not running:
                return
            yield ray.get(running.popleft())
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
