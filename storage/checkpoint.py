"""Checkpoints: arrays and JSON in one checksummed file that no crash can lose.

A file is ``MAGIC``, the SHA-256 of the payload, and the payload: safetensors with the metadata as one JSON
string inside. Nothing in it can run code.
"""

from __future__ import annotations

import contextlib
import errno
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

from storage import mirror as copies
from wann.errors import UserError

LOGGER = logging.getLogger(__name__)

MAGIC = b"WANNCKP1"
CHECKPOINT = "checkpoint"
PREVIOUS = "checkpoint.previous"
_DIGEST_SIZE = hashlib.sha256().digest_size
_METADATA_KEY = "metadata"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunError(RuntimeError):
    """A run cannot go on through no mistake of its user, such as a full disk; one sentence, with the remedy."""


class CheckpointError(UserError):
    """A checkpoint file that cannot be trusted."""


@dataclass(frozen=True)
class Checkpoint:
    """What was saved; the arrays are not writeable."""

    arrays: dict[str, NDArray]
    metadata: dict[str, Any]


def save(path: str | Path, arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> None:
    """Replace the checkpoint at ``path``; the one before is kept beside it as ``NAME.previous``.

    ``metadata`` is JSON; its ``generation``, if any, is what error messages name.

    Raises:
        RunError: the disk is full or fails, or the storage that the run is kept in; the checkpoint before is intact.
        ValueError: metadata that is no finite JSON, or arrays of objects or texts.
    """
    path = Path(path)
    data = _encode(arrays, metadata)
    # Written and flushed before anything is renamed, so whatever stands under a final name is whole. Killed
    # before the first rename, `checkpoint` is the old one; between the two, `checkpoint.previous` is the old
    # one; after the second, `checkpoint` is the new one. `load_latest` sets a damaged `checkpoint` aside, so
    # the first rename never puts it in the place of the only good one. After a power cut the same three
    # states are possible, as a directory keeps the order of its renames.
    try:
        partial = write_partial(path, data)
        if path.exists():
            os.replace(path, path.with_name(path.name + ".previous"))
        os.replace(partial, path)
        sync_directory(path.parent)
    except OSError as error:
        raise disk_error(path.parent, path, error) from error
    copies.written(path)


def load(path: str | Path) -> Checkpoint:
    """Read one checkpoint file.

    Raises:
        CheckpointError: it is truncated, altered or no checkpoint.
        FileNotFoundError: there is none.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path}: expected a checkpoint, found: {error.strerror}") from error
    start = len(MAGIC) + _DIGEST_SIZE
    if not data.startswith(MAGIC):
        raise CheckpointError(f"{path}: expected a checkpoint, found {_opening(data)}")
    if len(data) < start or hashlib.sha256(data[start:]).digest() != data[len(MAGIC) : start]:
        raise CheckpointError(f"{path}: expected a whole checkpoint, found one that is truncated or altered (checksum)")
    try:
        return _decode(data[start:])
    except Exception as error:  # only a file made to deceive gets here
        raise CheckpointError(f"{path}: expected a checkpoint, found a payload of another kind") from error


def load_latest(directory: str | Path) -> Checkpoint | None:
    """The newest valid checkpoint of a run, or None where none was ever finished.

    Call it as the run's only owner: unfinished files are removed, and a damaged ``checkpoint`` is renamed to
    ``checkpoint.damaged``, with a warning.

    Raises:
        UserError: there are checkpoints, and none is valid.
    """
    directory = Path(directory)
    partial_path(directory / CHECKPOINT).unlink(missing_ok=True)
    reasons = []
    for name in (CHECKPOINT, PREVIOUS):
        try:
            found = load(directory / name)
        except FileNotFoundError:
            continue
        except CheckpointError as error:
            reasons.append(str(error))
            continue
        if reasons:
            LOGGER.warning("%s; the run goes on from %s", reasons[0], directory / name)
            os.replace(directory / CHECKPOINT, directory / (CHECKPOINT + ".damaged"))
        return found
    if reasons:
        raise UserError(f"{'; '.join(reasons)}; no valid checkpoint is left, so start the run anew")
    return None


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that, whatever happens, it is the old or the new one, whole and on the disk.

    Raises:
        RunError: the disk is full or fails, or the storage that the run is kept in; the old file is intact.
    """
    try:
        os.replace(write_partial(path, data), path)
        sync_directory(path.parent)
    except OSError as error:
        raise disk_error(path.parent, path, error) from error
    copies.written(path)


def partial_path(path: Path) -> Path:
    """Where a file is written before it gets its name: one place, so that leftovers are overwritten."""
    return path.with_name(path.name + ".partial")


def write_partial(path: Path, data: bytes) -> Path:
    """Write and flush to disk beside ``path``; leaves nothing behind if that fails."""
    partial = partial_path(path)
    try:
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):  # the first error tells more
            partial.unlink(missing_ok=True)
        raise
    return partial


def sync_directory(directory: Path) -> None:
    """Flush renames to disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(directory: Path, path: Path, error: OSError) -> RunError:
    """The sentence for a write to a run that failed: how far the run is safe, and how to go on."""
    full = error.errno in _NO_SPACE
    generation = _saved_generation(directory)
    intact = "no checkpoint was finished yet" if generation is None else "the run is intact" + generation
    remedy = "free space" if full else "remove the cause"
    resume = (
        f" and resume with: run_search.py --resume {copies.address_of(directory)}"
        if generation is not None
        else " and start again"
    )
    what = "disk full" if full else "disk error"
    return RunError(f"{what}: could not write {path} ({error.strerror}); {intact}; {remedy}{resume}")


def _saved_generation(directory: Path) -> str | None:
    for name in (CHECKPOINT, PREVIOUS):
        try:
            generation = load(directory / name).metadata.get("generation")
        except (OSError, CheckpointError):
            continue
        return "" if generation is None else f" up to generation {generation}"
    return None


def _encode(arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> bytes:
    from safetensors.numpy import save as encode

    odd = [name for name, array in arrays.items() if np.asarray(array).dtype.kind not in "biuf"]
    if odd:
        raise ValueError(f"array {odd[0]!r}: expected numbers or bools, found dtype {np.asarray(arrays[odd[0]]).dtype}")
    text = json.dumps(metadata, allow_nan=False)
    # safetensors stores the bytes as they lie in memory, whatever the strides say
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
