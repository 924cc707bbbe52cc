"""The idx format of MNIST and similar datasets: arrays of bytes after a header of big-endian numbers.

Source: http://yann.lecun.com/exdb/mnist/ (the format's description).
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wann.errors import UserError

_UNSIGNED_BYTES = 0x08


def find_idx(folders: Iterable[Path], stem: str, dimensions: Sequence[int]) -> Path | None:
    """The first file with that stem, such as ``train-images``, under any usual name; None if no folder has one.

    Usual names are ``train-images-idx3-ubyte`` and ``train-images.idx3-ubyte``, both with or without ``.gz``.

    Args:
        folders: searched in this order.
        stem: of the name.
        dimensions: the numbers of dimensions that the array may have.
    """
    for folder in folders:
        for count in dimensions:
            for name in (f"{stem}-idx{count}-ubyte", f"{stem}.idx{count}-ubyte"):
                for path in (folder / name, folder / f"{name}.gz"):
                    if path.is_file():
                        return path
    return None


def read_idx(
    path: Path, shape: tuple[int | None, ...], sha256: str | None = None, largest: int = 255
) -> NDArray[np.uint8]:
    """Read one file, gzip-compressed if its name ends in .gz.

    Args:
        path: of the file.
        shape: required shape of the array; None for an axis of any size.
        sha256: required hash of the uncompressed content; None for any content.
        largest: largest byte that the array may hold.

    Raises:
        UserError: the file does not exist, is damaged or truncated, or has another format, shape or content.
    """
    content = _content(path)
    array = _parse(path, content, shape)
    if array.max(initial=0) > largest:
        raise UserError(place=path, expected=f"labels of 0 to {largest}", found=str(array.max()))
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        wanted = f"the published file (SHA-256 {str(sha256)[:12]}...)"
        raise UserError(place=path, expected=wanted, found=f"{found[:12]}...")
    return array


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        found = f"a damaged or truncated one ({error})"
        raise UserError(place=path, expected="a whole gzip file", found=found) from None
    except OSError as error:
        raise UserError(place=path, expected="a readable idx file", found=str(error.strerror)) from None


def _parse(path: Path, content: bytes, shape: tuple[int | None, ...]) -> NDArray[np.uint8]:
    magic = int.from_bytes(content[:4], "big")
    expected = _UNSIGNED_BYTES << 8 | len(shape)
    if len(content) < 4 or magic != expected:
        raise UserError(place=path, expected=f"the idx magic number {expected:#010x}", found=f"{magic:#010x}")
    header = 4 * (1 + len(shape))
    found = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    if any(wanted not in (None, size) for wanted, size in zip(shape, found, strict=True)):
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        said = " x ".join(map(str, found))
        raise UserError(place=path, expected=f"{wanted} bytes", found=f"a header that says {said}")
    size = int(np.prod(found, dtype=object))
    rest = len(content) - header
    if rest != size:
        what = "truncated" if rest < size else "too long"
        raise UserError(place=path, expected=f"{size} bytes after the header", found=f"{max(rest, 0)}: it is {what}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(found)
