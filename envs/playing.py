"""One network plays one episode in Gymnasium's environment of a task: to be filmed, or to be watched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.task import Playable, Task
from wann.network import Network
from wann.oracle import forward_lanes


class Episode:
    """An episode of ``task`` from the start state of ``seed``; a context that closes its environment.

    Attributes:
        inputs: [1, I] that the network sees next.
        value: the undiscounted return so far; NaN once something was not finite, which ends the episode.
        steps: taken so far.
        over: whether it has ended.
    """

    def __init__(self, task: Playable, network: Network, setting: ArrayLike, seed: int, **kwargs: Any) -> None:
        """``setting``: [1] a shared weight, or [1, E] individual ones; ``kwargs`` for the environment."""
        self._task, self._network, self._setting = task, network, setting
        self.environment = task.make_environment(**kwargs)
        self.value, self.steps, self.over = 0.0, 0, False
        try:
            self._see(self.environment.reset(seed=seed)[0])
        except BaseException:
            self.close()
            raise

    def step(self) -> None:
        """One step; nothing once the episode is over."""
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = forward_lanes(self._network, self._setting, self.inputs)
        if np.isnan(outputs).any():
            self._fail()
        if self.over:
            return
        observation, reward, terminated, truncated, _ = self.environment.step(self._task.actions_of(outputs)[0])
        self.value += float(reward)
        self.steps += 1
        self.over = bool(terminated or truncated)
        if not np.isfinite(self.value):
            self._fail()
        self._see(observation)

    def close(self) -> None:
        self.environment.close()

    def __enter__(self) -> Episode:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _see(self, observation: Any) -> None:
        self.inputs = self._task.inputs_of(np.asarray(observation)[None])
        if not self.over and not np.isfinite(self.inputs).all():
            self._fail()

    def _fail(self) -> None:
        self.value, self.over = float("nan"), True


class Behaviour:
    """What networks see and do in a task; see `evolution.protocol.Behaviour`."""

    def __init__(self, task: Task) -> None:
        """Raises ValueError for a task that cannot be played."""
        if not isinstance(task, Playable):
            raise ValueError(f"task {task.name!r} has no environment to be watched in")
        self._task = task

    def observe(self, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
        """Inputs [T, I] of the T steps of an episode."""
        with Episode(self._task, network, [weight], seed) as episode:
            seen = []
            while not episode.over:
                seen.append(episode.inputs[0])
                episode.step()
        return np.array(seen).reshape(-1, self._task.num_inputs)

    def actions_of(self, outputs: NDArray) -> NDArray:
        """n actions of outputs [n, O]."""
        return np.asarray(self._task.actions_of(outputs))
