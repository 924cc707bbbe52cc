"""BipedalWalker-v3 and BipedalWalkerHardcore-v3: lanes for speed, Gymnasium as the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.box2d.simulation import FALL_REWARD, Box2DTask
from envs.box2d.simulators import LANES
from envs.gymnasium.spaces import known_names
from envs.playing import inputs_met
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Encode, Episodes, Limits, as_float64, play_in_waves
from wann.network import Network, Networks, widened

_INPUTS, _OUTPUTS = known_names("BipedalWalker")
_VELOCITIES = (1, 2, 3, 5, 7, 10, 12)  # of the hull and of the joints


@dataclass(frozen=True)
class BipedalWalker(Box2DTask):
    """The batched task; see `envs.task.Task`. The four outputs, clipped to +-1, are the torques.

    On x86-64 Linux both simulators give the same bits to the same actions.

    Options:
        hardcore: stumps, pits and stairs, and 2000 steps instead of 1600.
        fall_penalty: a fall costs 100, as in Gymnasium. Without it the step that falls gives 0. (The published search
            gave that step its reward for moving, which a simulator does not report.)
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: lanes, gymnasium, or auto, which is lanes.
        velocities: false hides the velocities of the hull and the joints from networks, so that they need memory.
    """

    hardcore: bool = False
    fall_penalty: bool = True
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"
    velocities: bool = True

    name: ClassVar[str] = "bipedal_walker"
    input_choice: ClassVar[str] = "velocities"
    num_outputs: ClassVar[int] = len(_OUTPUTS)
    output_names: ClassVar[tuple[str, ...]] = _OUTPUTS
    wave: ClassVar[int] = 32
    lanes_together: ClassVar[int] = 64

    @property
    def sees(self) -> tuple[int, ...]:
        """[I] numbers of the observations that networks see, ascending."""
        return tuple(i for i in range(len(_INPUTS)) if self.velocities or i not in _VELOCITIES)

    @property
    def num_inputs(self) -> int:  # type: ignore[override]
        return len(self.sees)

    @property
    def input_names(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(_INPUTS[index] for index in self.sees)

    @property
    def id(self) -> str:
        return "BipedalWalkerHardcore-v3" if self.hardcore else "BipedalWalker-v3"

    @property
    def fall_reward(self) -> float | None:
        return None if self.fall_penalty else 0.0

    @property
    def reported(self) -> BipedalWalker:
        return replace(super().reported, fall_penalty=True)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed; see `envs.task.Task.evaluate`.

        An episode in which a walker touches more shapes at once than lanes have room for is played in Gymnasium.
        """
        if self.simulator != LANES:
            return super().evaluate(networks, weights, seeds)
        from envs.box2d.walker.evaluation import evaluate_in_lanes

        check_networks(self, networks)
        penalty = FALL_REWARD if self.fall_reward is None else self.fall_reward
        limits = Limits(self.max_steps, self.stall_steps)

        def replay(episodes: Episodes) -> Returns:
            return play_in_waves(self._simulation(), networks, weights, episodes)

        whole = widened(networks, self.sees, len(_INPUTS))
        return evaluate_in_lanes(self.id, whole, weights, seeds, self.hardcore, limits, penalty, replay)

    def observe(self, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
        """See `envs.task.Observes`."""
        check_networks(self, network)
        if self.simulator == LANES:
            from envs.box2d.walker.evaluation import observe_in_lanes

            (whole,) = widened(Networks.of([network]), self.sees, len(_INPUTS))
            found = observe_in_lanes(whole, weight, seed, self.hardcore, FALL_REWARD)
            if found is not None:
                return found[:, self.sees]
        return inputs_met(self, network, weight, seed)

    def _make_encode(self, num_lanes: int) -> Encode:
        return lambda lanes, observations: as_float64(lanes, observations)[:, self.sees]

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n torques [n, 4] of a network's outputs [n, 4]."""
        return np.clip(outputs, -1, 1).astype(np.float32)

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        rule = "each output, clipped to -1 to 1, is the torque of a joint"
        return {"kind": "box", "low": [-1.0] * 4, "high": [1.0] * 4, "rule": rule}
