"""Glimpses: a picture seen in 24 small pieces (after Ba et al. 2016, arXiv 1610.06258). For trained models only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.images.datasets import dataset_of
from envs.images.inputs import load_inputs
from envs.sequences.episodes import Episodes
from envs.sequences.problem import Part, Problem, rng_of
from wann.errors import UserError

_SIDE, _GLIMPSE = 28, 7
_TEST = 10_000  # images, which are taken in order: batches in turn are all of them


@dataclass(frozen=True)
class Glimpses(Problem):
    """Six glimpses of 7 x 7 pixels for each quadrant: all of it at half the resolution, its quarters, all of it again.

    Further inputs are the place of the glimpse's middle, in [-1, 1], and 1 if it is at half the resolution. The class
    is judged after the last glimpse.

    Options:
        dataset: mnist or fashion_mnist.
    """

    dataset: str = "mnist"

    name: ClassVar[str] = "glimpses"
    trained_only: ClassVar[bool] = True
    test_episodes: ClassVar[int] = _TEST

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            shape = dataset_of(self.dataset).shape
        except UserError as error:
            raise error.at(key="task.dataset") from None
        if shape != (_SIDE, _SIDE, 1):
            raise UserError(
                key="task.dataset", expected="one of 28x28 pixels", found=f"{self.dataset!r} of {shape[0]}x{shape[1]}"
            )

    @property
    def input_names(self) -> tuple[str, ...]:
        pixels = tuple(f"row {row} column {column}" for row in range(_GLIMPSE) for column in range(_GLIMPSE))
        return (*pixels, "down", "right", "coarse")

    @property
    def output_names(self) -> tuple[str, ...]:
        return dataset_of(self.dataset).classes

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 of the dataset's files."""
        return dataset_of(self.dataset).fingerprint

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return ()

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        if length is not None or count < 1:
            raise ValueError(f"expected sequences without a length, found {count} and {length}")
        inputs, labels = load_inputs(dataset_of(self.dataset), f"{_SIDE}x{_SIDE}", part)
        if part == "test":
            chosen = (seed * count + np.arange(count)) % len(labels)
        else:
            chosen = rng_of(part, seed).integers(len(labels), size=count)
        pictures = np.ascontiguousarray(inputs[:, chosen].T).reshape(count, _SIDE, _SIDE)
        glimpses = np.stack([_glimpse(pictures, *where) for where in _places()])
        targets, judged = np.zeros(glimpses.shape[:2], np.int64), np.zeros(glimpses.shape[:2], bool)
        targets[-1], judged[-1] = labels[chosen], True
        return Episodes(glimpses, targets, judged)


@lru_cache(maxsize=1)
def _places() -> tuple[tuple[int, int, int], ...]:
    """First row, first column and size of each glimpse."""
    found = []
    for row, column in ((0, 0), (0, 14), (14, 0), (14, 14)):
        quarters = [(row + down, column + right, _GLIMPSE) for down in (0, 7) for right in (0, 7)]
        found += [(row, column, 14), *quarters, (row, column, 14)]
    return tuple(found)


def _glimpse(pictures: NDArray[np.float32], row: int, column: int, size: int) -> NDArray[np.float32]:
    """[B, 52]"""
    piece = pictures[:, row : row + size, column : column + size]
    factor = size // _GLIMPSE
    pixels = piece.reshape(len(piece), _GLIMPSE, factor, _GLIMPSE, factor).mean(axis=(2, 4)).reshape(len(piece), -1)
    place = [2 * (start + size / 2) / _SIDE - 1 for start in (row, column)]
    return np.hstack([pixels, np.tile(np.array([*place, factor > 1], np.float32), (len(piece), 1))])
