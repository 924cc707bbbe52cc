"""Gymnasium's environments as pools whose members each have a seed of their own."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from envs.gymnasium.actions import ToActions
from envs.waves import Failure, LaneError, Step
from wann.errors import UserError
from wann.extras import install

if TYPE_CHECKING:
    import gymnasium

# Key of the info under which a forgiving environment gives the reason of a failed episode, as a `Failure`.
FAILURE = "weight-agnostic failure"


def require_box2d() -> None:
    """Raise a `UserError` unless Gymnasium's Box2D environments can be made."""
    if find_spec("Box2D") is None:
        raise UserError(
            key="task.name",
            expected="Gymnasium's Box2D environments to be installed, in which champions are confirmed whatever the "
            "simulator",
            found="no package 'Box2D'",
            remedy=install("Box2D"),
        )


class GymnasiumPool:
    """L environments of one id; see `envs.waves.Pool`.

    Args:
        id: for messages.
        make: a new environment.
        to_actions: outputs [n, O] to n actions.
        seeds: [L].
        spares: environments to reset instead of making new ones; those of this pool are returned to it. None to make
            and close environments.
        fall_reward: the reward that marks a fall, in ids that have one.

    Raises:
        LaneError: an environment raised.
        UserError: an answer does not fit the environment's declared spaces.
    """

    def __init__(
        self,
        id: str,
        make: Callable[[], gymnasium.Env],
        to_actions: ToActions,
        seeds: NDArray[np.int64],
        spares: list[gymnasium.Env] | None = None,
        fall_reward: float | None = None,
    ) -> None:
        self._id, self._to_actions, self._spares, self._fall_reward = id, to_actions, spares, fall_reward
        self._environments: list[gymnasium.Env] = []
        self.counts_falls = fall_reward is not None
        self.failures: dict[int, Failure] = {}
        try:
            self.observations = np.stack([self._start(make, seed) for seed in seeds.tolist()])
        except BaseException:
            self.close()
            raise

    def step(self, lanes: NDArray[np.int64], outputs: NDArray) -> Step:
        actions = self._to_actions(outputs)
        answers = [self._step(lane, action) for lane, action in zip(lanes.tolist(), actions, strict=True)]
        observations, rewards, terminated, truncated, _ = zip(*answers, strict=True)
        gains, ended = np.array(rewards, np.float64), np.array(terminated, bool)
        falls = None if self._fall_reward is None else ended & (gains == self._fall_reward)
        return Step(np.stack(observations), gains, ended, np.array(truncated, bool), falls)

    def close(self) -> None:
        for lane, environment in enumerate(self._environments):
            if self._spares is None or lane in self.failures:
                environment.close()
            else:
                self._spares.append(environment)
        self._environments = []

    def _start(self, make: Callable[[], gymnasium.Env], seed: int) -> NDArray:
        lane = len(self._environments)
        try:
            self._environments.append(self._spares.pop() if self._spares else make())
            observation, info = self._environments[lane].reset(seed=seed)
        except UserError:
            raise
        except Exception as error:
            raise LaneError(lane, self._id, error) from error
        if FAILURE in info:
            self.failures[lane] = info[FAILURE]
        return observation

    def _step(self, lane: int, action: Any) -> tuple:
        try:
            answer = self._environments[lane].step(action)
        except UserError:
            raise
        except Exception as error:
            raise LaneError(lane, self._id, error) from error
        if FAILURE in answer[4]:
            self.failures[lane] = answer[4][FAILURE]
        return answer
