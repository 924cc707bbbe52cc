"""The encoder that turns CarRacing's frames into the numbers a network sees; made by ``train_vae.py``.

It has four convolutions and a dense layer. They are computed in NumPy, so that a search needs no torch. Frames are
encoded in blocks of fixed size, padded where frames are missing, so that all products have the same shapes. The latents
of a frame therefore have the same bits in every position and with any other frames (a test checks this). They may
differ in the last bits between machines, because each machine has its own matrix product.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.frames import SIZE, preprocess
from wann.cache import cache_directory
from wann.errors import UserError
from wann.linear_algebra import linear_algebra

LATENTS = 16
CHANNELS = (32, 64, 128, 256)  # of the convolutions
KERNEL, STRIDE = 4, 2
HIDDEN = 1024  # numbers after the convolutions: 2 x 2 x 256
DEFAULT = Path(__file__).parent / "data" / "car_racing_encoder.safetensors"

_BLOCK = 4  # frames encoded together: large enough for efficient products, small enough to waste little on padding
_SHAPES: dict[str, tuple[int, ...]] = {
    **{
        f"conv{number}.{part}": shape
        for number, (before, after) in enumerate(zip((3, *CHANNELS), CHANNELS, strict=False), 1)
        for part, shape in (("weight", (after, before, KERNEL, KERNEL)), ("bias", (after,)))
    },
    "mu.weight": (LATENTS, HIDDEN),
    "mu.bias": (LATENTS,),
}


@dataclass(frozen=True)
class EncoderFile:
    """A validated file: its weights by name, the record of its making, and its SHA-256 (hex)."""

    weights: dict[str, NDArray[np.float32]]
    provenance: dict[str, Any]
    sha256: str


@lru_cache(maxsize=8)
def load_encoder(path: str, sha256: str) -> Encoder:
    """The encoder of a file, made once per process.

    A machine without the file uses the copy that was sent with the task.

    Raises:
        UserError: as in `read_encoder`, or the file's SHA-256 differs from ``sha256``.
    """
    kept = cache_directory() / kept_name(sha256)
    found = kept if kept.is_file() and not Path(path).is_file() else path
    return Encoder(read_encoder(found, sha256).weights)


def kept_name(sha256: str) -> str:
    """The file's name below the cache directory of machines that were sent it."""
    return f"encoders/{sha256}.safetensors"


def read_encoder(path: str | Path, sha256: str | None = None) -> EncoderFile:
    """Read and validate a safetensors file with the encoder's weights.

    Its tensors, all float32: ``conv1.weight`` [32, 3, 4, 4] (outputs, inputs, rows, columns) and ``conv1.bias``
    [32] to ``conv4``; ``mu.weight`` [16, 1024], whose inputs are ordered by row, column, channel; ``mu.bias`` [16].

    Raises:
        UserError: the file does not exist, is not safetensors, has tensors of other names, shapes or types or with NaN,
            or its SHA-256 differs from ``sha256``.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise no_encoder(path, error) from error
    try:
        weights = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        provenance = json.loads(header.get("__metadata__", {}).get("provenance", "{}"))
    except (SafetensorError, ValueError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise _mistake(f"a safetensors file at {path}", f"a damaged or another one ({reason})") from error
    _check(path, weights)
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        before = f"{path} to stay as it was when the search began (SHA-256 {str(sha256)[:12]}...)"
        raise _mistake(before, f"another content ({found[:12]}...)")
    return EncoderFile(weights, provenance, found)


def no_encoder(path: str | Path, error: OSError) -> UserError:
    """The error for a file that is missing or cannot be read."""
    return _mistake(f"an encoder file at {path}", f"none ({error.strerror})")


def _mistake(expected: str, found: str) -> UserError:
    return UserError(key="task.encoder", expected=expected, found=found)


def _check(path: str | Path, weights: dict[str, NDArray]) -> None:
    dense = weights.get("mu.weight")
    if dense is not None and dense.ndim == 2 and len(dense) != LATENTS:
        raise _mistake(f"an encoder with {LATENTS} latents at {path}", str(len(dense)))
    if weights.keys() != _SHAPES.keys():
        missing, extra = sorted(_SHAPES.keys() - weights.keys()), sorted(weights.keys() - _SHAPES.keys())
        found = f"no {missing[0]!r}" if missing else f"{extra[0]!r} beside them"
        raise _mistake(f"the tensors {', '.join(_SHAPES)} in {path}", found)
    for name, shape in _SHAPES.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            expected = f"{name} of shape {list(shape)} and type float32 in {path}"
            raise _mistake(expected, f"{list(array.shape)} and {array.dtype}")
        if not np.isfinite(array).all():
            raise _mistake(f"finite weights in {path}", f"NaN or infinity in {name}")


class Encoder:
    """Encodes frames. Use it in one thread only, because it reuses its buffers."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._layers = []
        side, before = SIZE, 3
        for number, after in enumerate(CHANNELS, 1):
            # One row of the matrix for each (row, column, channel) of a patch.
            matrix = weights[f"conv{number}.weight"].transpose(2, 3, 1, 0).reshape(-1, after)
            out = (side - KERNEL) // STRIDE + 1
            self._layers.append(
                _Layer(
                    np.ascontiguousarray(matrix),
                    weights[f"conv{number}.bias"].copy(),
                    np.zeros((_BLOCK, out, out, KERNEL, KERNEL * before), np.float32),
                    np.zeros((_BLOCK, out, out, after), np.float32),
                )
            )
            side, before = out, after
        self._dense = np.ascontiguousarray(weights["mu.weight"].T)
        self._bias = weights["mu.bias"].copy()
        self._images = np.zeros((_BLOCK, SIZE, SIZE, 3), np.float32)

    def encode_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latents [B, 16] of the simulator's frames [B, 96, 96, 3], in float64, the type of networks' inputs."""
        return self.encode(preprocess(frames)).astype(np.float64)

    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Means [B, 16] of the codes of images [B, 64, 64, 3] in [0, 1]."""
        latents = np.empty((len(images), LATENTS), np.float32)
        # More threads do not speed up products this small, and slow them down a hundredfold on a busy machine.
        with linear_algebra().limit(limits=1, user_api="blas"):
            for begin in range(0, len(images), _BLOCK):
                block = images[begin : begin + _BLOCK]
                self._images[: len(block)] = block
                latents[begin : begin + _BLOCK] = self._encode_block()[: len(block)]
        return latents

    def _encode_block(self) -> NDArray[np.float32]:
        values = self._images
        for layer in self._layers:
            values = layer.apply(values)
        return (values.reshape(_BLOCK, 1, HIDDEN) @ self._dense)[:, 0] + self._bias


@dataclass(frozen=True)
class _Layer:
    """A convolution as one matrix product, followed by ReLU."""

    matrix: NDArray[np.float32]  # [4 * 4 * before, after]
    bias: NDArray[np.float32]  # [after]
    patches: NDArray[np.float32]  # [block, out, out, 4, 4 * before], buffer
    values: NDArray[np.float32]  # [block, out, out, after], buffer

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        from envs.box2d.racer.kernels import add_and_rectify

        # The four columns of a patch, with their channels, are contiguous in memory.
        by_image, by_row, by_column, by_channel = values.strides
        strides = (by_image, STRIDE * by_row, STRIDE * by_column, by_row, by_channel)
        np.copyto(self.patches, np.lib.stride_tricks.as_strided(values, self.patches.shape, strides))
        # One product per image: in a product over all images, a row's bits depend on its position on some processors.
        count = len(self.values)
        flat = self.values.reshape(count, -1, len(self.bias))
        np.matmul(self.patches.reshape(*flat.shape[:2], -1), self.matrix, out=flat)
        add_and_rectify(flat.reshape(-1, len(self.bias)), self.bias)
        return self.values
