"""Rows of different lengths in one flat array, delimited by offsets."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Offsets = NDArray[np.int64]  # [P+1], offsets[i]:offsets[i+1] is row i


def offsets_of(lengths: ArrayLike) -> Offsets:
    """Offsets [P+1] of rows with the given ``lengths [P]``."""
    lengths = np.asarray(lengths, np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def take_rows(offsets: Offsets, rows: ArrayLike) -> tuple[NDArray[np.int64], Offsets]:
    """Flat positions of the chosen ``rows`` one after another, and the offsets of the result."""
    rows = np.asarray(rows, np.int64)
    lengths = offsets[rows + 1] - offsets[rows]
    taken = offsets_of(lengths)
    shift = np.repeat(offsets[rows] - taken[:-1], lengths)
    return np.arange(taken[-1]) + shift, taken


def freeze(*arrays: NDArray) -> None:
    """Make arrays read-only, in place, because arrays shared by records must not change."""
    for array in arrays:
        array.flags.writeable = False
