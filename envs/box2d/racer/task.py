"""CarRacing-v3 seen through an encoder: lanes for speed, Gymnasium as the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.encoder import Encoder, kept_name, load_encoder, no_encoder, read_encoder, shipped_encoder
from envs.box2d.racer.views import PLAIN, PREVIOUS, input_names
from envs.box2d.simulation import Box2DTask
from envs.box2d.simulators import LANES
from envs.playing import inputs_met
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Encode, Limits
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

    from envs.box2d.racer.sight import Sight


@dataclass(frozen=True)
class CarRacing(Box2DTask):
    """The batched task; see `envs.task.Task`.

    A network sees the latents of the current frame, and what else ``inputs`` says. Its outputs are steer, clipped to
    +-1; gas, clipped to +-1 and mapped to [0, 1]; brake, clipped to [0, 1]. An episode has 1000 steps at most. A fall
    means leaving the playing field, which costs 100. Both simulators have the same tracks and the same physics; their
    pictures differ a little.

    Options:
        encoder: a safetensors file from ``train_vae.py``; by default the one that comes with the package.
        encoder_sha256: of that file, hex. A run records it and then refuses any other content.
        inputs: ``latents``, 16 numbers; ``latents+previous``, also their changes since the frame before, which are 0 in
            the first one; ``latents+dashboard``, also what the strip below the picture shows: speed, four wheel
            speeds, steering, turning.
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: lanes, gymnasium, or auto, which is lanes.
    """

    encoder: str | None = None
    encoder_sha256: str | None = None
    inputs: str = PLAIN
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"

    name: ClassVar[str] = "car_racing"
    input_choice: ClassVar[str] = "inputs"
    num_outputs: ClassVar[int] = 3
    output_names: ClassVar[tuple[str, ...]] = ("steer", "gas", "brake")
    wave: ClassVar[int] = 8
    lanes_together: ClassVar[int] = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        input_names(self.inputs)
        # The path and the digest are sent with the task, so that a worker finds the file from any directory and
        # refuses any other content.
        path = str(Path(self.encoder or shipped_encoder(self.encoder_sha256)).absolute())
        file = read_encoder(path, self.encoder_sha256)
        object.__setattr__(self, "encoder_sha256", file.sha256)
        object.__setattr__(self, "_encoder_key", (path, file.sha256))
        object.__setattr__(self, "_frame", file.kind.frame)

    @property
    def num_inputs(self) -> int:  # type: ignore[override]
        return len(self.input_names)

    @property
    def input_names(self) -> tuple[str, ...]:  # type: ignore[override]
        return input_names(self.inputs)

    @property
    def id(self) -> str:
        return "CarRacing-v3"

    @property
    def preprocessing(self) -> dict[str, Any]:
        """The transformation of frames into latents; stored in champion files."""
        view = {} if self.inputs == PLAIN else {"inputs": self.inputs}
        return {"frame": list(self._frame), "encoder_sha256": self.encoder_sha256, **view}  # type: ignore[attr-defined]

    @property
    def encoder_key(self) -> tuple[str, str]:
        """Absolute path and SHA-256 of the encoder's file, as `envs.box2d.racer.encoder.load_encoder` takes them."""
        return self._encoder_key  # type: ignore[attr-defined]

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n actions (steer, gas, brake) [n, 3] of a network's outputs [n, 3]."""
        return to_actions(outputs)

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        rule = "outputs are clipped to -1 to 1; the first steers, (1 + the second) / 2 is gas, a positive third brakes"
        return {"kind": "box", "low": [-1.0, 0.0, 0.0], "high": [1.0, 1.0, 1.0], "rule": rule}

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """See `envs.box2d.simulation.Box2DTask.make_environment`. It draws the same pixels in less time."""
        from envs.box2d.racer.frame_drawing import draw_frames_quickly

        environment = super().make_environment(**kwargs)
        draw_frames_quickly(environment.unwrapped)
        return environment

    def data_files(self) -> dict[str, bytes]:
        """The encoder's file, by its name below the cache directory, for machines that lack it.

        Raises:
            UserError: the encoder's file is missing.
        """
        path, sha256 = self.encoder_key
        try:
            return {kept_name(sha256): Path(path).read_bytes()}
        except OSError as error:
            raise no_encoder(path, error) from error

    def load_encoder(self) -> Encoder:
        """The encoder, made once per process.

        Raises:
            UserError: its file has changed since the task was made.
        """
        return load_encoder(*self.encoder_key)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        if self.simulator != LANES:
            return super().evaluate(networks, weights, seeds)
        from envs.box2d.racer.episodes import evaluate_in_lanes

        check_networks(self, networks)
        limits = Limits(self.max_steps, self.stall_steps)
        return evaluate_in_lanes(self.id, limits, self.sight(), networks, weights, seeds)

    def observe(self, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
        """See `envs.task.Observes`."""
        check_networks(self, network)
        if self.simulator != LANES:
            return inputs_met(self, network, weight, seed)
        from envs.box2d.racer.episodes import observe_in_lanes

        return observe_in_lanes(self.sight(), network, weight, seed)

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n frames.

        Raises:
            ValueError: the inputs depend on the frame before; `new_sight` makes them of all frames of an episode.
        """
        if self.inputs == PREVIOUS:
            raise ValueError(f"inputs of {self.inputs!r} depend on the frame before: take them from new_sight()")
        return super().inputs_of(observations)

    def new_sight(self) -> Callable[[NDArray], NDArray[np.float64]]:
        """See `envs.task.Remembers`."""
        encode = self._make_encode(1)
        return lambda observations: encode(np.zeros(1, np.int64), observations)

    def _make_encode(self, num_lanes: int) -> Encode:
        return self.sight().make_encode(num_lanes)

    def sight(self) -> Sight:
        """What its racers see."""
        from envs.box2d.racer.sight import Sight

        return Sight(self.inputs, self.load_encoder())


def to_actions(outputs: NDArray) -> NDArray[np.float32]:
    """Outputs [n, 3] to (steer, gas, brake) [n, 3] as the simulators take them."""
    actions = np.clip(outputs, -1, 1)
    actions[:, 1] = (actions[:, 1] + 1) / 2
    actions[:, 2] = np.maximum(actions[:, 2], 0)
    return actions.astype(np.float32)
