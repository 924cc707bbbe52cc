"""Conversion of pictures to a network's inputs: numbers in [0, 1], row by row, optionally shrunk and deskewed.

``16x16 deskewed`` follows Gaier & Ha 2019 (arXiv 1906.04358) and their research code: bilinear sampling to 16 x 16,
without prior smoothing, then a horizontal shear that makes the picture's second moments upright. Inputs are cached in
the cache directory and mapped into memory, so all workers of a machine share one copy.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from envs.images.dataset import Dataset, Images, load_images
from wann.cache import cache_directory
from wann.files import replacing, unique_suffix

LOGGER = logging.getLogger(__name__)

DESKEWED = "16x16 deskewed"
_DESKEWED_SIDE = 16
_LEAST_MOMENT = 1e-2  # of a picture that is not blank, in pixels squared times brightness
# Part of the names of cached files. Increase it when the computation here changes.
_VERSION = 2
_MANTISSA_BITS = 24
_BLOCK = 5000  # number of pictures processed at once


@lru_cache(maxsize=8)
def load_inputs(dataset: Dataset, inputs: str, split: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Inputs [I, N] of all pictures of one part, a row for each input, and their labels [N]. Both are read-only.

    Raises:
        UserError: see `envs.images.dataset.load_images`.
    """
    path = _cached(dataset, inputs, split)
    kept = _kept(path)
    if kept is None:
        images = load_images(dataset)[split]
        made = np.ascontiguousarray(to_inputs(images, inputs).T)
        labels = images.labels.astype(np.int64)
        made.flags.writeable = labels.flags.writeable = False
        kept = _kept(path) if _keep(path, made, labels) else None
        return kept or (made, labels)
    return kept


def input_files(dataset: Dataset, inputs: str, split: str) -> dict[str, bytes]:
    """Files by name below the cache directory. A machine that has them needs no pictures for `load_inputs`.

    Raises:
        UserError: see `envs.images.dataset.load_images`.
    """
    path = _cached(dataset, inputs, split)
    pixels, labels = load_inputs(dataset, inputs, split)
    files = {path: _npy(pixels), _labels_of(path): _npy(labels)}
    return {str(target.relative_to(cache_directory())): content for target, content in files.items()}


def _npy(array: NDArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def to_inputs(images: Images, inputs: str) -> NDArray[np.float32]:
    """Pictures [N, rows, columns] or [N, rows, columns, channels] to inputs [N, I], row by row.

    Args:
        images: of one dataset.
        inputs: a key of `input_kinds`.
    """
    blocks = [images.pixels[begin : begin + _BLOCK] for begin in range(0, len(images.pixels), _BLOCK)]
    return np.concatenate([_block_to_inputs(block / images.brightest, inputs) for block in blocks])


def _block_to_inputs(pixels: NDArray[np.float64], inputs: str) -> NDArray[np.float32]:
    if inputs == DESKEWED:
        pixels = deskew(shrink(pixels, _DESKEWED_SIDE))
    pixels = pixels.reshape(len(pixels), -1)
    unit = smallest_difference(pixels.shape[1])
    return (np.rint(pixels / unit) * unit).astype(np.float32)


def smallest_difference(num_inputs: int) -> float:
    """The power of two that inputs are multiples of. It makes every sum of inputs and the bias exact in float32, in any
    order and by any matrix product.
    """
    return 2.0 ** (np.ceil(np.log2(num_inputs + 1)) - _MANTISSA_BITS)


def input_kinds(dataset: Dataset) -> dict[str, tuple[int, int, int]]:
    """The kinds of inputs of a dataset, and the rows, columns and channels of each; the default comes first.

    Grey pictures that are larger than 16 x 16 can be deskewed.
    """
    rows, columns, channels = dataset.shape
    plain = {"x".join(map(str, dataset.shape if channels > 1 else dataset.shape[:2])): dataset.shape}
    if channels > 1 or min(rows, columns) <= _DESKEWED_SIDE:
        return plain
    deskewed = {DESKEWED: (_DESKEWED_SIDE, _DESKEWED_SIDE, 1)}
    return {**deskewed, **plain} if dataset.deskewed else {**plain, **deskewed}


def input_names(rows: int, columns: int, channels: int) -> tuple[str, ...]:
    """Names of the inputs of a picture, in their order."""
    colours = ("red", "green", "blue") if channels == 3 else tuple(f"channel {index}" for index in range(channels))
    ends = [f" {colour}" for colour in colours] if channels > 1 else [""]
    return tuple(f"row {row} column {column}{end}" for row in range(rows) for column in range(columns) for end in ends)


def shrink(pictures: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sample pictures [N, rows, columns] bilinearly at the centres of ``side`` x ``side`` pixels, as OpenCV does."""
    by_row, by_column = (_samples(size, side) for size in pictures.shape[1:])
    return by_row @ pictures @ by_column.T


def _samples(size: int, side: int) -> NDArray[np.float64]:
    """Shares of pixels in samples along one axis, [side, size]."""
    middles = np.clip((np.arange(side) + 0.5) * size / side - 0.5, 0, size - 1)
    below = np.minimum(np.floor(middles).astype(int), size - 2)
    share = np.zeros((side, size))
    share[np.arange(side), below] = 1 - (middles - below)
    share[np.arange(side), below + 1] = middles - below
    return share


def deskew(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shear each picture [N, S, S] along its rows so that its moment of x and y vanishes. Outside it pixels are 0."""
    count, size, _ = pictures.shape
    places = np.arange(size, dtype=np.float64)
    mass = pictures.sum(axis=(1, 2))
    safe = np.where(mass > 0, mass, 1)
    middle_x = (pictures.sum(axis=1) @ places) / safe
    middle_y = (pictures.sum(axis=2) @ places) / safe
    dx, dy = places - middle_x[:, None], places - middle_y[:, None]
    mixed = np.einsum("nyx,ny,nx->n", pictures, dy, dx, optimize=True)
    upright = np.einsum("ny,ny->n", pictures.sum(axis=2), dy**2)
    skew = np.where(np.abs(upright) < _LEAST_MOMENT, 0, mixed / np.where(upright == 0, 1, upright))
    # The source of pixel x in row y: a position between two pixels of that row.
    shift = skew[:, None] * (places - 0.5 * size)
    source = places + shift[:, :, None]
    left = np.floor(source)
    share = source - left
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1)))
    at = np.clip(left.astype(np.int64) + 1, 0, size + 1)
    at_right = np.clip(left.astype(np.int64) + 2, 0, size + 1)
    rows = np.arange(count)[:, None, None], np.arange(size)[:, None]
    return (1 - share) * padded[(*rows, at)] + share * padded[(*rows, at_right)]


def _cached(dataset: Dataset, inputs: str, split: str) -> Path:
    # A user's own dataset is identified by its content, not by its path.
    stem = "own" if Path(dataset.name).is_absolute() else dataset.name
    key = json.dumps([stem, dataset.fingerprint, inputs, split, _VERSION])
    name = f"{stem}-{inputs.replace(' ', '-')}-{split}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    return cache_directory() / "inputs" / f"{name}.npy"


def _labels_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.labels.npy")


def _kept(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Both arrays, mapped into memory; None if they are missing or damaged."""
    try:
        return np.load(path, mmap_mode="r"), np.load(_labels_of(path), mmap_mode="r")
    except (OSError, ValueError):
        return None


def _keep(path: Path, inputs: NDArray[np.float32], labels: NDArray[np.int64]) -> bool:
    """Write both files atomically. Several processes may do so at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, array in ((path, inputs), (_labels_of(path), labels)):
            with replacing(target, unique_suffix()) as partial, partial.open("wb") as file:
                np.save(file, array)
    except OSError as error:
        LOGGER.warning("inputs are made anew in each process: %s", error)
        return False
    return True
