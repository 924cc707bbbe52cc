"""The description of a labelled set of images, and the images of its parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Images:
    """Pictures of one part, and their classes."""

    pixels: NDArray  # [N, rows, columns], or [N, rows, columns, channels] in colour, 0 to ``brightest``
    labels: NDArray  # [N], 0 to K - 1
    brightest: int = 255


@dataclass(frozen=True)
class Ink:
    """The conversion of drawn strokes to pictures like those of a dataset, for a drawing pad."""

    canvas: int  # side in pixels before blocks are counted
    box: int  # side that the ink is scaled to
    centre: str  # of the picture: the ink's centre of mass, or the middle of its box
    blocks: int = 1  # side of the squares of black and white pixels that are counted
    brightest: int = 255


@dataclass(frozen=True)
class Dataset:
    """The description of a dataset without its pictures. It is small and hashable, and is sent to workers with a task.

    Attributes:
        name: a key of `envs.images.datasets.DATASETS`, or the absolute path of a user's own.
        title: for people.
        shape: rows, columns and channels of a picture; one channel is grey.
        classes: names of the K classes.
        contents: names of the content's parts and their SHA-256, or the package that carries it.
        load: reads the pictures by part; raises a UserError if they are not available or differ from the description.
        deskewed: True for pictures such as handwriting, which are shrunk and deskewed by default.
        ink: for the pad of a report; None for a dataset that has no pad.
    """

    name: str
    title: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    load: Callable[[Dataset], dict[str, Images]]
    deskewed: bool = False
    ink: Ink | None = None

    @property
    def sha256(self) -> str:
        """One SHA-256 of all `contents`."""
        return hashlib.sha256(json.dumps(self.contents).encode()).hexdigest()

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """`contents` as stored in champion files."""
        return dict(self.contents)


@lru_cache(maxsize=4)
def load_images(dataset: Dataset) -> dict[str, Images]:
    """All parts of a dataset, read and checked once per process.

    Raises:
        UserError: files are missing and cannot be fetched, or their content differs from the description.
    """
    return dataset.load(dataset)
