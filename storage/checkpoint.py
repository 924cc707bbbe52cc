"""Checkpoints: arrays and JSON in one checksummed file that a crash cannot destroy.

A file is ``MAGIC``, the SHA-256 of the payload, and the payload: safetensors with the metadata as one JSON
string inside. Loading it cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.files import WriteError
from wann.errors import UserError
from wann.files import flush, partial_path, replacing

LOGGER = logging.getLogger(__name__)

MAGIC = b"WANNCKP1"
CHECKPOINT = "checkpoint"
PREVIOUS = "checkpoint.previous"
_DIGEST_SIZE = hashlib.sha256().digest_size
_METADATA_KEY = "metadata"


class CheckpointError(UserError):
    """A checkpoint file is damaged or not a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """Arrays and metadata as they were saved. The arrays are read-only."""

    arrays: dict[str, NDArray]
    metadata: dict[str, Any]


def save(path: str | Path, arrays: Mapping[str, NDArray], metadata: Mapping[str, Any], run: Path | None = None) -> None:
    """Replace the checkpoint at ``path``. The previous one is kept beside it as ``NAME.previous``.

    Args:
        path: of the file.
        arrays: of numbers or bools, of any shapes.
        metadata: JSON; error messages name its ``generation``, if it has one.
        run: directory of the run that the file belongs to; that of the file by default.

    Raises:
        RunError: the disk is full or fails; the previous checkpoint is intact.
        ValueError: the metadata are not finite JSON, or an array has objects or texts.
    """
    path = Path(path)
    data = _encode(arrays, metadata)
    # The file is written and flushed before anything is renamed, so files with a final name are complete. If the
    # process is killed before the first rename, `checkpoint` is the old one. Between the two renames,
    # `checkpoint.previous` is the old one. After the second, `checkpoint` is the new one. `load_latest` sets a damaged
    # `checkpoint` aside, so the first rename never replaces the only good one by it. After a power cut the same three
    # states are possible, because a directory keeps the order of its renames.
    try:
        with replacing(path) as partial:
            partial.write_bytes(data)
            if path.exists():
                flush(partial)
                os.replace(path, path.with_name(path.name + ".previous"))
    except OSError as error:
        raise disk_error(run or path.parent, path, error) from error


def load(path: str | Path) -> Checkpoint:
    """Read one checkpoint file.

    Raises:
        CheckpointError: the file is truncated, altered or not a checkpoint.
        FileNotFoundError: the file does not exist.
    """
    expected = "a checkpoint"
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        found = f"a file that cannot be read: {error.strerror}"
        raise CheckpointError(place=path, expected=expected, found=found) from error
    start = len(MAGIC) + _DIGEST_SIZE
    if not data.startswith(MAGIC):
        raise CheckpointError(place=path, expected=expected, found=_opening(data))
    if len(data) < start or hashlib.sha256(data[start:]).digest() != data[len(MAGIC) : start]:
        found = "one that is truncated or altered (checksum)"
        raise CheckpointError(place=path, expected="a whole checkpoint", found=found)
    try:
        return _decode(data[start:])
    except Exception as error:  # only a deliberately crafted file gets here
        raise CheckpointError(place=path, expected=expected, found="one with a payload of another kind") from error


def load_latest(directory: str | Path) -> Checkpoint | None:
    """The newest valid checkpoint of a run, or None if none was ever finished.

    Only the run's owner may call this: unfinished files are removed, and a damaged ``checkpoint`` is renamed to
    ``checkpoint.damaged``, with a warning.

    Raises:
        CheckpointError: there are checkpoints, but none is valid.
    """
    directory = Path(directory)
    partial_path(directory / CHECKPOINT).unlink(missing_ok=True)
    damaged: list[CheckpointError] = []
    for name in (CHECKPOINT, PREVIOUS):
        try:
            found = load(directory / name)
        except FileNotFoundError:
            continue
        except CheckpointError as error:
            damaged.append(error)
            continue
        if damaged:
            LOGGER.warning("%s; the run goes on from %s", damaged[0], directory / name)
            os.replace(directory / CHECKPOINT, directory / (CHECKPOINT + ".damaged"))
        return found
    if damaged:
        raise CheckpointError(
            place=directory,
            expected="a valid checkpoint",
            found=", and ".join(f"in {Path(error.place).name} {error.found}" for error in damaged),
            remedy="no valid checkpoint is left, so start the run anew",
        )
    return None


def disk_error(run: Path, path: Path, error: OSError) -> WriteError:
    """The error for a failed write to a run, with the generation up to which the run is saved."""
    is_begun, generation = _progress(run)
    return WriteError.of_disk(path, error, run=run, is_begun=is_begun, generation=generation)


def _progress(run: Path) -> tuple[bool, int | None]:
    """True if a checkpoint of the run can be read; and its generation, if it has one."""
    for name in (CHECKPOINT, PREVIOUS):
        try:
            return True, load(run / name).metadata.get("generation")
        except (OSError, CheckpointError):
            continue
    return False, None


def _encode(arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> bytes:
    from safetensors.numpy import save as encode

    odd = [name for name, array in arrays.items() if np.asarray(array).dtype.kind not in "biuf"]
    if odd:
        raise ValueError(f"array {odd[0]!r}: expected numbers or bools, found dtype {np.asarray(arrays[odd[0]]).dtype}")
    text = json.dumps(metadata, allow_nan=False)
    # safetensors stores the bytes in memory order and ignores strides
    plain = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    payload = encode(plain, {_METADATA_KEY: text})
    return b"".join((MAGIC, hashlib.sha256(payload).digest(), payload))


def _decode(payload: bytes) -> Checkpoint:
    from safetensors.numpy import load as decode

    header_size = int.from_bytes(payload[:8], "little")
    header = json.loads(payload[8 : 8 + header_size])
    arrays = decode(payload)
    for array in arrays.values():
        array.flags.writeable = False
    return Checkpoint(arrays, json.loads(header["__metadata__"][_METADATA_KEY]))


def _opening(data: bytes) -> str:
    return f"a file that begins with {data[:8]!r}" if data else "an empty file"
