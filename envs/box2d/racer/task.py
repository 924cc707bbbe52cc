"""CarRacing-v3 seen through an encoder: EnvPool for speed, Gymnasium as the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.encoder import DEFAULT, LATENTS, Encoder, kept_name, load_encoder, no_encoder, read_encoder
from envs.box2d.racer.frames import SIZE
from envs.box2d.simulation import Box2DTask


@dataclass(frozen=True)
class CarRacing(Box2DTask):
    """The batched task; see `envs.task.Task`.

    A network sees the 16 latents of the current frame. Its outputs are steer, clipped to +-1; gas, clipped to
    +-1 and mapped to [0, 1]; brake, clipped to [0, 1]. An episode has 1000 steps at most. A fall means leaving the
    playing field, which costs 100. At equal seeds the two simulators have different tracks.

    Options:
        encoder: a safetensors file from ``train_vae.py``; by default the one that comes with the package.
        encoder_sha256: of that file, hex. A run records it and then refuses any other content.
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: envpool, gymnasium, or auto, which is EnvPool if it is installed.
    """

    encoder: str | None = None
    encoder_sha256: str | None = None
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"

    name: ClassVar[str] = "car_racing"
    num_inputs: ClassVar[int] = LATENTS
    num_outputs: ClassVar[int] = 3
    input_names: ClassVar[tuple[str, ...]] = tuple(f"latent {number}" for number in range(1, LATENTS + 1))
    output_names: ClassVar[tuple[str, ...]] = ("steer", "gas", "brake")
    # Each environment takes 3 MB, mostly for a picture. With twice as many, a step takes a tenth longer.
    waves: ClassVar[dict[str, int]] = {"envpool": 8, "gymnasium": 8}

    def __post_init__(self) -> None:
        super().__post_init__()
        # The path and the digest are sent with the task, so that a worker finds the file from any directory and
        # refuses any other content.
        path = str(Path(self.encoder or DEFAULT).absolute())
        found = read_encoder(path, self.encoder_sha256).sha256
        object.__setattr__(self, "encoder_sha256", found)
        object.__setattr__(self, "_encoder_key", (path, found))

    @property
    def id(self) -> str:
        return "CarRacing-v3"

    @property
    def preprocessing(self) -> dict[str, Any]:
        """The transformation of frames into latents; stored in champion files."""
        return {"frame": [SIZE, SIZE, 3], "encoder_sha256": self.encoder_sha256}

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

    def _encoding(self) -> Callable[[NDArray], NDArray[np.float64]]:
        return self.load_encoder().encode_frames


def to_actions(outputs: NDArray) -> NDArray[np.float32]:
    """Outputs [n, 3] to (steer, gas, brake) [n, 3] as the simulators take them."""
    actions = np.clip(outputs, -1, 1)
    actions[:, 1] = (actions[:, 1] + 1) / 2
    actions[:, 2] = np.maximum(actions[:, 2], 0)
    return actions.astype(np.float32)
