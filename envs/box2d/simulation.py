"""The common part of the tasks on Gymnasium's Box2D environments: lanes for speed, Gymnasium as the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.box2d.simulators import LANES, described_simulator, settled_simulator
from envs.gymnasium.pool import GymnasiumPool, require_box2d
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import (
    Encode,
    Limits,
    Pool,
    Simulation,
    as_float64,
    evaluate_in_waves,
    oracle_in_waves,
)
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

# Both simulators give this reward for the step that falls or leaves the field.
FALL_REWARD = -100.0


class Box2DTask:
    """The base of the Box2D tasks. `evaluate` steps Gymnasium unless a task has lanes; `evaluate_oracle` always does.

    The tasks are dataclasses that have these three options among others. "auto" is resolved when a task is made, so
    that a run keeps its simulator when it is resumed elsewhere.
    """

    max_steps: int | None
    stall_steps: int | None
    simulator: str

    name: ClassVar[str]
    num_inputs: ClassVar[int]
    num_outputs: ClassVar[int]
    input_names: ClassVar[tuple[str, ...]]
    output_names: ClassVar[tuple[str, ...]]
    keeps_state: ClassVar[bool] = True
    # Gymnasium's environments in one pool.
    wave: ClassVar[int]
    # Episodes that lanes need for most of their speed.
    lanes_together: ClassVar[int]

    def __post_init__(self) -> None:
        Limits(self.max_steps, self.stall_steps)
        object.__setattr__(self, "simulator", settled_simulator(self.simulator))
        require_box2d()  # champions are confirmed in it, whatever simulator the search uses

    @property
    def id(self) -> str:
        """The id in Gymnasium's registry."""
        raise NotImplementedError

    @property
    def fall_reward(self) -> float | None:
        """The reward that replaces `FALL_REWARD`; None to keep it."""
        return None

    @property
    def simulated_by(self) -> str:
        return described_simulator(self.simulator)

    @property
    def episodes_together(self) -> int:
        """See `envs.task.PlaysTogether`."""
        return self.lanes_together if self.simulator == LANES else 1

    @property
    def oracle_together(self) -> int:
        """See `envs.task.PlaysOracleTogether`: one wave."""
        return self.wave

    @property
    def reported(self) -> Self:
        """Whole episodes."""
        return replace(self, max_steps=None, stall_steps=None)  # type: ignore[type-var]

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        check_networks(self, networks)
        return evaluate_in_waves(self._simulation(), networks, weights, seeds)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64 through `wann.oracle`, in Gymnasium's environment."""
        check_networks(self, network)
        return oracle_in_waves(self._simulation(), network, weights, seeds)

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Make Gymnasium's environment of this task, with further arguments such as a render mode."""
        import gymnasium

        return gymnasium.make(self.id, disable_env_checker=True, **kwargs)

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n observations."""
        return self._make_encode(len(observations))(np.arange(len(observations)), observations)

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n actions of a network's outputs [n, O], within the bounds of the simulators."""
        raise NotImplementedError

    def _make_encode(self, num_lanes: int) -> Encode:
        """See `envs.waves.Simulation`."""
        return as_float64

    def _simulation(self) -> Simulation:
        return Simulation(
            self.id,
            self._gymnasium,
            self.wave,
            Limits(self.max_steps, self.stall_steps),
            self._make_encode,
            self.fall_reward,
        )

    def _gymnasium(self, seeds: NDArray[np.int64]) -> Pool:
        # The physics keeps state across a reset, so each seed gets a new environment.
        return GymnasiumPool(self.id, self.make_environment, self.actions_of, seeds, fall_reward=FALL_REWARD)
