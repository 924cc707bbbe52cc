"""EnvPool's vectorised simulators as pools of environments that each have a seed of their own."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from envs.waves import Failure, Step
from wann.errors import UserError, did_you_mean

# Values of `task.simulator`; auto chooses EnvPool if it is installed.
SIMULATORS = ("auto", "envpool", "gymnasium")


def chosen_simulator(name: str) -> str:
    """The simulator that ``name`` chooses: ``envpool`` or ``gymnasium``.

    Raises:
        UserError: an unknown name, or EnvPool is asked for and not installed.
    """
    if name not in SIMULATORS:
        raise UserError(
            key="task.simulator",
            expected=f"one of {', '.join(SIMULATORS)}",
            found=f"{name!r}{did_you_mean(name, SIMULATORS)}",
        )
    installed = find_spec("envpool") is not None
    if name == "envpool" and not installed:
        raise UserError(
            key="task.simulator",
            expected="EnvPool to be installed",
            found="no package 'envpool'",
            remedy="pip install envpool, or take the simulator gymnasium",
        )
    return ("envpool" if installed else "gymnasium") if name == "auto" else name


class EnvPoolPool:
    """L environments of one id in one thread; see `envs.waves.Pool`.

    A pool is made for its episodes and then discarded, because EnvPool takes seeds only when environments are made.

    Args:
        id: in EnvPool's registry.
        to_actions: outputs [n, O] to actions [n, A], float32, within bounds, which EnvPool does not check.
        seeds: [L], below 2^31.
        fall_reward: the reward that marks a fall, in ids that have one.
    """

    def __init__(
        self,
        id: str,
        to_actions: Callable[[NDArray], NDArray[np.float32]],
        seeds: NDArray[np.int64],
        fall_reward: float | None = None,
    ) -> None:
        import envpool

        self._pool = envpool.make(
            id, env_type="gymnasium", num_envs=len(seeds), num_threads=1, seed=seeds.astype(np.int32).tolist()
        )
        self._to_actions, self._fall_reward = to_actions, fall_reward
        self.counts_falls = fall_reward is not None
        self.failures: dict[int, Failure] = {}  # stays empty: EnvPool's environments do not raise
        self.observations = self._pool.reset()[0]

    def step(self, lanes: NDArray[np.int64], outputs: NDArray) -> Step:
        """Step lanes. Answers are in the order of ``lanes``, because EnvPool waits for all lanes it was sent."""
        observations, rewards, terminated, truncated, _ = self._pool.step(self._to_actions(outputs), lanes)
        falls = None if self._fall_reward is None else terminated & (rewards == self._fall_reward)
        return Step(observations, rewards.astype(np.float64), terminated, truncated, falls)

    def close(self) -> None:
        self._pool.close()
        del self._pool
        _return_memory()


def _return_memory() -> None:
    """Return freed memory to the system. Otherwise its many small pieces would make a worker grow."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``; None with other C libraries."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
