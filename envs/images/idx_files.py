"""The idx format of MNIST and its kin: arrays of bytes behind a header of big-endian numbers.

Source: http://yann.lecun.com/exdb/mnist/ (the format's description).
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wann.errors import UserError

_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, shape: tuple[int, ...], sha256: str | None = None, largest: int = 255) -> NDArray[np.uint8]:
    """Read one file, gzip-compressed if its name ends in .gz.

    Args:
        path: of the file.
        shape: that the array must have.
        sha256: of the uncompressed content, or None where any content will do.
        largest: byte that the array may hold.

    Raises:
        UserError: no such file, or one that is damaged, truncated, of another format, shape or content.
    """
    content = _content(path)
    array = _parse(path, content, shape)
    if array.max(initial=0) > largest:
        raise UserError(f"{path}: expected labels of 0 to {largest}, found {array.max()}")
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        raise UserError(f"{path}: expected the published file (SHA-256 {str(sha256)[:12]}...), found {found[:12]}...")
    return array


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path}: expected a whole gzip file, found a damaged or truncated one ({error})") from None
    except OSError as error:
        raise UserError(f"{path}: expected a readable idx file, found: {error.strerror}") from None


def _parse(path: Path, content: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    magic = int.from_bytes(content[:4], "big")
    expected = _UNSIGNED_BYTES << 8 | len(shape)
    if len(content) < 4 or magic != expected:
        raise UserError(f"{path}: expected the idx magic number {expected:#010x}, found {magic:#010x}")
    header = 4 * (1 + len(shape))
    found = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    if found != shape:
        raise UserError(f"{path}: expected {_times(shape)} bytes, found a header that says {_times(found)}")
    size = int(np.prod(shape))
    if len(content) - header != size:
        what = "truncated" if len(content) - header < size else "too long"
        raise UserError(f"{path}: expected {size} bytes after the header, found {len(content) - header}: it is {what}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
