"""Encoders turn CarRacing's pictures into the numbers a network sees; ``train_vae.py`` makes them.

A file's tensors say which kind of encoder it holds. Two files come with the package: the small encoder, which is the
default, and the convolutional one that older champions were made with. A champion names its encoder by SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer import convolutional_encoder, small_encoder
from envs.box2d.racer.convolutional_encoder import ConvolutionalEncoder
from envs.box2d.racer.frames import PICTURE_SHAPE, SIZE
from envs.box2d.racer.small_encoder import SmallEncoder
from envs.box2d.racer.views import LATENTS
from wann.cache import cache_directory
from wann.errors import UserError

_DATA = Path(__file__).parent / "data"
DEFAULT = _DATA / "small_encoder.safetensors"
CONVOLUTIONAL = _DATA / "car_racing_encoder.safetensors"


class Encoder(Protocol):
    """Encodes pictures. The latents of a picture do not depend on the others of a call."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the pictures that it takes."""
        ...

    def encode_images(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents [B, 16] of pictures [B, 2, rows, columns], green and red in [0, 1]."""
        ...

    def encode_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latents [B, 16] of Gymnasium's frames [B, 96, 96, 3], in float64, the type of networks' inputs."""
        ...


@dataclass(frozen=True)
class Kind:
    """An architecture: the float32 tensors of its files, what it looks at, and its encoder."""

    shapes: dict[str, tuple[int, ...]]
    frame: tuple[int, ...]
    inputs: str  # in words
    make: Callable[[dict[str, NDArray[np.float32]]], Encoder]


SMALL = Kind(small_encoder.SHAPES, PICTURE_SHAPE, "pictures of 28 x 32 pixels in green and red", SmallEncoder)
CONVOLUTIONS = Kind(
    convolutional_encoder.SHAPES, (SIZE, SIZE, 3), "images of 64 x 64 pixels in three colours", ConvolutionalEncoder
)
# By a tensor that no other kind has.
KINDS = {"hidden.weight": SMALL, "conv1.weight": CONVOLUTIONS}


@dataclass(frozen=True)
class EncoderFile:
    """A validated file: its kind, its weights by name, the record of its making, and its SHA-256 (hex)."""

    kind: Kind
    weights: dict[str, NDArray[np.float32]]
    provenance: dict[str, Any]
    sha256: str

    def make(self) -> Encoder:
        return self.kind.make(self.weights)


def shipped_encoder(sha256: str | None) -> Path:
    """The file of the package with this digest, or the default one if none is asked for.

    Raises:
        UserError: neither file has this digest.
    """
    if sha256 is None:
        return DEFAULT
    for path in (DEFAULT, CONVOLUTIONAL):
        if _digest(path) == sha256:
            return path
    expected = f"the encoder that this was made with (SHA-256 {sha256[:12]}...), given as task.encoder"
    raise _mistake(expected, "none, and it is none of those that come with the package")


@lru_cache
def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


@lru_cache(maxsize=8)
def load_encoder(path: str, sha256: str) -> Encoder:
    """The encoder of a file, made once per process.

    A machine without the file uses the copy that was sent with the task.

    Raises:
        UserError: as in `read_encoder`, or the file's SHA-256 differs from ``sha256``.
    """
    kept = cache_directory() / kept_name(sha256)
    found = kept if kept.is_file() and not Path(path).is_file() else path
    return read_encoder(found, sha256).make()


def kept_name(sha256: str) -> str:
    """The file's name below the cache directory of machines that were sent it."""
    return f"encoders/{sha256}.safetensors"


def read_encoder(path: str | Path, sha256: str | None = None) -> EncoderFile:
    """Read and validate a safetensors file with an encoder's weights.

    Its tensors are those of one of `KINDS`, all float32.

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
    kind = next((kind for name, kind in KINDS.items() if name in weights), SMALL)
    _check(path, weights, kind)
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        before = f"{path} to stay as it was when the search began (SHA-256 {str(sha256)[:12]}...)"
        raise _mistake(before, f"another content ({found[:12]}...)")
    return EncoderFile(kind, weights, provenance, found)


def no_encoder(path: str | Path, error: OSError) -> UserError:
    """The error for a file that is missing or cannot be read."""
    return _mistake(f"an encoder file at {path}", f"none ({error.strerror})")


def _mistake(expected: str, found: str) -> UserError:
    return UserError(key="task.encoder", expected=expected, found=found)


def _check(path: str | Path, weights: dict[str, NDArray], kind: Kind) -> None:
    dense = weights.get("mu.weight")
    if dense is not None and dense.ndim == 2 and len(dense) != LATENTS:
        raise _mistake(f"an encoder with {LATENTS} latents at {path}", str(len(dense)))
    if weights.keys() != kind.shapes.keys():
        missing, extra = sorted(kind.shapes.keys() - weights.keys()), sorted(weights.keys() - kind.shapes.keys())
        found = f"no {missing[0]!r}" if missing else f"{extra[0]!r} beside them"
        raise _mistake(f"the tensors {', '.join(kind.shapes)} in {path}", found)
    for name, shape in kind.shapes.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            expected = f"{name} of shape {list(shape)} and type float32 in {path}, for {kind.inputs}"
            raise _mistake(expected, f"{list(array.shape)} and {array.dtype}")
        if not np.isfinite(array).all():
            raise _mistake(f"finite weights in {path}", f"NaN or infinity in {name}")
