"""BipedalWalker-v3 and BipedalWalkerHardcore-v3: EnvPool for speed, Gymnasium as the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.envpool_pool import EnvPoolPool, chosen_simulator, simulator_version
from envs.gymnasium_pool import GymnasiumPool, require_box2d
from envs.gymnasium_spaces import known_names
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Limits, MakePool, Pool, Simulation, evaluate_in_waves, oracle_in_waves
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

FALL_REWARD = -100.0
_INPUTS, _OUTPUTS = known_names("BipedalWalker")
# Environments in one pool: enough to share the cost of a call; .28 MB each in EnvPool.
_WAVE = {"envpool": 256, "gymnasium": 32}


@dataclass(frozen=True)
class BipedalWalker:
    """The batched task; see `envs.task.Task`. The four outputs, clipped to +-1, are the torques.

    `evaluate` steps the chosen simulator, `evaluate_oracle` always Gymnasium.

    Options:
        hardcore: stumps, pits and stairs, and 2000 steps instead of 1600.
        fall_penalty: whether a fall costs 100, as in Gymnasium. Without it the step that falls gives 0 (the
            published search gave that one step its reward for moving, which a simulator does not tell).
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: envpool, gymnasium, or auto: EnvPool where it is installed.
    """

    hardcore: bool = False
    fall_penalty: bool = True
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"

    name: ClassVar[str] = "bipedal_walker"
    num_inputs: ClassVar[int] = len(_INPUTS)
    num_outputs: ClassVar[int] = len(_OUTPUTS)
    input_names: ClassVar[tuple[str, ...]] = _INPUTS
    output_names: ClassVar[tuple[str, ...]] = _OUTPUTS

    def __post_init__(self) -> None:
        Limits(self.max_steps, self.stall_steps)
        # "auto" is settled here, so that a run keeps its simulator wherever it goes on.
        object.__setattr__(self, "simulator", chosen_simulator(self.simulator))
        if self.simulator == "gymnasium":
            require_box2d()

    @property
    def id(self) -> str:
        """In Gymnasium's registry, and in EnvPool's."""
        return "BipedalWalkerHardcore-v3" if self.hardcore else "BipedalWalker-v3"

    @property
    def simulated_by(self) -> str:
        return simulator_version(self.simulator)

    @property
    def reported(self) -> BipedalWalker:
        return replace(self, fall_penalty=True, max_steps=None, stall_steps=None)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        check_networks(self, networks)
        make_pool = self._envpool if self.simulator == "envpool" else self._gymnasium
        return evaluate_in_waves(self._simulation(make_pool, _WAVE[self.simulator]), networks, weights, seeds)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """One network in float64 through `wann.forward`, in Gymnasium's environment."""
        check_networks(self, network)
        return oracle_in_waves(self._simulation(self._gymnasium, _WAVE["gymnasium"]), network, weights, seeds)

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Gymnasium's environment of this task; ``kwargs`` such as a render mode."""
        import gymnasium

        return gymnasium.make(self.id, disable_env_checker=True, **kwargs)

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, 24] of n observations."""
        return observations.astype(np.float64)

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n actions of a network's outputs [n, 4]."""
        return _torques(outputs)

    def _simulation(self, make_pool: MakePool, wave: int) -> Simulation:
        limits = Limits(self.max_steps, self.stall_steps)
        return Simulation(make_pool, wave, limits, fall_reward=None if self.fall_penalty else 0.0)

    def _envpool(self, seeds: NDArray[np.int64]) -> Pool:
        return EnvPoolPool(self.id, _torques, seeds, FALL_REWARD)

    def _gymnasium(self, seeds: NDArray[np.int64]) -> Pool:
        # Equal seeds give other returns after a reset than in a new environment, hence a new one for each.
        return GymnasiumPool(self.id, self.make_environment, _torques, seeds, fall_reward=FALL_REWARD)


def _torques(outputs: NDArray) -> NDArray[np.float32]:
    return np.clip(outputs, -1, 1).astype(np.float32)
