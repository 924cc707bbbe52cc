"""EnvPool alone, the yardstick of the lanes: what its simulators cost any user, without networks or encoders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.box2d.simulation import Box2DTask
from envs.waves import Failure, Limits, Simulation, Step, evaluate_in_waves
from wann.extras import check_installed
from wann.network import Networks


def new_pool(id: str, seeds: NDArray[np.int64]) -> Any:
    """A pool of environments in one thread.

    Raises:
        UserError: EnvPool is not installed.
    """
    check_installed("envpool", "EnvPool, the yardstick", extra="bench", key="benchmark")
    import envpool

    return envpool.make(id, env_type="gymnasium", num_envs=len(seeds), num_threads=1, seed=seeds.tolist())


@contextmanager
def made(id: str, seeds: NDArray[np.int64]) -> Iterator[Any]:
    """A pool of environments in one thread, reset."""
    pool = new_pool(id, seeds)
    pool.reset()
    try:
        yield pool
    finally:
        pool.close()


def play(id: str, seeds: NDArray[np.int64], actions: NDArray[np.float32]) -> int:
    """Take actions [T, L, A] in L new environments; returns the number of steps.

    An environment whose episode ends begins another one, as EnvPool does by itself.
    """
    with made(id, seeds) as pool:
        for action in actions:
            pool.step(action)
    return actions.shape[0] * actions.shape[1]


class Recorded:
    """A pool in EnvPool that notes the (lanes, actions) of every step; see `envs.waves.Pool`."""

    counts_falls = True

    def __init__(self, task: Box2DTask, seeds: NDArray[np.int64]) -> None:
        self.id, self.seeds = task.id, seeds
        self.steps: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        self.failures: dict[int, Failure] = {}
        self._to_actions = task.actions_of
        self._pool = new_pool(self.id, seeds)
        self.observations = self._pool.reset()[0]

    @property
    def num_steps(self) -> int:
        return sum(len(lanes) for lanes, _ in self.steps)

    def step(self, lanes: NDArray[np.int64], outputs: NDArray) -> Step:
        actions = self._to_actions(outputs)
        self.steps.append((lanes.copy(), actions))
        observations, rewards, terminated, truncated, _ = self._pool.step(actions, lanes)
        return Step(observations, rewards.astype(np.float64), terminated, truncated, terminated & (rewards == -100))

    def close(self) -> None:
        self._pool.close()
        del self._pool

    def play(self) -> None:
        """Replay the episodes in EnvPool alone, which is the minimal cost of them for any user of EnvPool.

        A pool of the same size and seeds takes the very actions, and steps the very lanes that are not over.
        """
        with made(self.id, self.seeds) as pool:
            for lanes, actions in self.steps:
                pool.step(actions, lanes)


def recorded(
    task: Box2DTask, networks: Networks, weights: NDArray, seeds: NDArray[np.int64], wave: int
) -> list[Recorded]:
    """All pools, of at most ``wave`` environments, in which networks play a task that has vectors as observations."""
    pools: list[Recorded] = []

    def make_pool(seeds: NDArray[np.int64]) -> Recorded:
        pools.append(Recorded(task, seeds))
        return pools[-1]

    evaluate_in_waves(Simulation(task.id, make_pool, wave, Limits(task.max_steps)), networks, weights, seeds)
    return pools


def replay(pools: list[Recorded]) -> None:
    """Replay the episodes of all pools in EnvPool alone."""
    for pool in pools:
        pool.play()
