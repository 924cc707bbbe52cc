"""CarRacing-v3 seen through an encoder: EnvPool for speed, Gymnasium as the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.car_encoder import DEFAULT, LATENTS, Encoder, load_encoder, read_encoder
from envs.car_frames import SIZE
from envs.envpool_pool import EnvPoolPool, chosen_simulator, simulator_version
from envs.gymnasium_pool import GymnasiumPool, require_box2d
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Limits, MakePool, Pool, Simulation, evaluate_in_waves, oracle_in_waves
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

ID = "CarRacing-v3"
OFF_FIELD_REWARD = -100.0
# Environments in one pool. Each takes 3 MB, mostly a picture: with twice as many a step takes a tenth longer.
_WAVE = 8


@dataclass(frozen=True)
class CarRacing:
    """The batched task; see `envs.task.Task`.

    A network sees the 16 latents of the current frame. Its outputs are steer, clipped to +-1; gas, clipped to
    +-1 and mapped to [0, 1]; brake, clipped to [0, 1]. An episode has 1000 steps at most. A fall is leaving the
    playing field, which costs 100.

    `evaluate` steps the chosen simulator, `evaluate_oracle` always Gymnasium. Their tracks differ at equal seeds.

    Options:
        encoder: a safetensors file from ``train_vae.py``; by default the one that comes with the package.
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: envpool, gymnasium, or auto: EnvPool where it is installed.
    """

    encoder: str | None = None
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"

    name: ClassVar[str] = "car_racing"
    num_inputs: ClassVar[int] = LATENTS
    num_outputs: ClassVar[int] = 3
    input_names: ClassVar[tuple[str, ...]] = tuple(f"latent {number}" for number in range(1, LATENTS + 1))
    output_names: ClassVar[tuple[str, ...]] = ("steer", "gas", "brake")

    def __post_init__(self) -> None:
        Limits(self.max_steps, self.stall_steps)
        # "auto" is settled here, so that a run keeps its simulator wherever it goes on.
        object.__setattr__(self, "simulator", chosen_simulator(self.simulator))
        if self.simulator == "gymnasium":
            require_box2d()
        # What is no option travels with the task all the same: a worker finds the file from any directory, and
        # refuses another content.
        path = str(Path(self.encoder or DEFAULT).absolute())
        object.__setattr__(self, "_encoder_key", (path, read_encoder(path).sha256))

    @property
    def simulated_by(self) -> str:
        return simulator_version(self.simulator)

    @property
    def preprocessing(self) -> dict[str, Any]:
        """What lies between frames and networks; stored in champion files."""
        return {"frame": [SIZE, SIZE, 3], "encoder_sha256": self.encoder_key[1]}

    @property
    def encoder_key(self) -> tuple[str, str]:
        """Absolute path and SHA-256 of the encoder's file, as `envs.car_encoder.load_encoder` takes them."""
        return self._encoder_key  # type: ignore[attr-defined]

    @property
    def reported(self) -> CarRacing:
        return replace(self, max_steps=None, stall_steps=None)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        check_networks(self, networks)
        make_pool = self._envpool if self.simulator == "envpool" else self._gymnasium
        return evaluate_in_waves(self._simulation(make_pool), networks, weights, seeds)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """One network in float64 through `wann.forward`, in Gymnasium's environment."""
        check_networks(self, network)
        return oracle_in_waves(self._simulation(self._gymnasium), network, weights, seeds)

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Gymnasium's environment of this task; ``kwargs`` such as a render mode."""
        import gymnasium

        return gymnasium.make(ID, disable_env_checker=True, **kwargs)

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, 16] of n frames."""
        return self.load_encoder().encode_frames(observations)

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n actions of a network's outputs [n, 3]."""
        return to_actions(outputs)

    def load_encoder(self) -> Encoder:
        """The encoder, made once in a process.

        Raises:
            UserError: its file has changed since the task was made.
        """
        return load_encoder(*self.encoder_key)

    def _simulation(self, make_pool: MakePool) -> Simulation:
        limits = Limits(self.max_steps, self.stall_steps)
        return Simulation(make_pool, _WAVE, limits, encode=self.load_encoder().encode_frames)

    def _envpool(self, seeds: NDArray[np.int64]) -> Pool:
        return EnvPoolPool(ID, to_actions, seeds, OFF_FIELD_REWARD)

    def _gymnasium(self, seeds: NDArray[np.int64]) -> Pool:
        # The physics remembers what was before a reset, hence a new environment for each seed.
        return GymnasiumPool(ID, self.make_environment, to_actions, seeds, fall_reward=OFF_FIELD_REWARD)


def to_actions(outputs: NDArray) -> NDArray[np.float32]:
    """Outputs [n, 3] to (steer, gas, brake) [n, 3] as the simulators take them."""
    actions = np.clip(outputs, -1, 1)
    actions[:, 1] = (actions[:, 1] + 1) / 2
    actions[:, 2] = np.maximum(actions[:, 2], 0)
    return actions.astype(np.float32)
