"""Labelled images by name: where their files are, what must be in them, and which part is for what.

``digits`` comes with scikit-learn. MNIST and Fashion-MNIST are read from ``WANN_DATA_DIR`` or the cache directory,
or fetched into the latter, once. A search sees the training part; a champion is chosen on the validation part (the last
5,000 of the published training images), and the test part is for reports alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from envs.images.idx_files import read_idx
from wann.cache import cache_directory
from wann.errors import UserError

SPLITS = ("train", "validation", "test")
NUM_CLASSES = 10


@dataclass(frozen=True)
class Images:
    """Pictures of one part, and what they show."""

    pixels: NDArray[np.uint8]  # [N, rows, columns], 0 to ``brightest``
    labels: NDArray[np.uint8]  # [N], 0..9
    brightest: int = 255


@dataclass(frozen=True)
class Dataset:
    """How to come by a dataset, and what its ten classes are called."""

    side: int  # pixels
    classes: tuple[str, ...]
    load: Callable[[], dict[str, Images]]  # by part


@dataclass(frozen=True)
class _IdxFile:
    """One of a dataset's four files."""

    name: str
    shape: tuple[int, ...]
    sha256: str  # of the uncompressed content
    download_md5: str  # of the published, compressed file


_DIGITS = tuple(map(str, range(10)))
_CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_NAMES = (
    ("train-images-idx3-ubyte", (60_000, 28, 28)),
    ("train-labels-idx1-ubyte", (60_000,)),
    ("t10k-images-idx3-ubyte", (10_000, 28, 28)),
    ("t10k-labels-idx1-ubyte", (10_000,)),
)
_VALIDATION = 5_000
_FOLDERS = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}
_MIRRORS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
# The checksums of the downloads are those that torchvision expects.
_HASHES = {
    "mnist": (
        ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "9fb629c4189551a2d022fa330f9573f3"),
        ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "fashion_mnist": (
        ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", "25c81989df183df01b3e8a0aad5dffbe"),
        ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "bef4ecab320f06d8554ea6380940ec79"),
        ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
}


@lru_cache(maxsize=4)
def load_images(name: str) -> dict[str, Images]:
    """All parts of a dataset, read and checked once in a process.

    Raises:
        UserError: files are missing and cannot be fetched, or hold something else than was published.
    """
    return DATASETS[name].load()


def fingerprint(name: str) -> dict[str, str]:
    """What names a dataset's content: SHA-256 of its files by name, or the package that carries it."""
    if name not in _HASHES:
        return {"source": "scikit-learn, load_digits"}
    return {file.name: file.sha256 for file in _files(name)}


def _load_digits() -> dict[str, Images]:
    """1,797 digits of 8 x 8 pixels, shuffled by a fixed key: 1,197 / 300 / 300."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserError(
            "task.dataset: expected scikit-learn for 'digits', found none; "
            "install it with: pip install weight-agnostic-search[images]"
        ) from None
    bunch = load_digits()
    order = np.random.Generator(np.random.Philox(0)).permutation(len(bunch.target))
    pixels, labels = bunch.images.astype(np.uint8)[order], bunch.target.astype(np.uint8)[order]
    ends = {"train": (0, 1197), "validation": (1197, 1497), "test": (1497, 1797)}
    return {part: Images(pixels[begin:end], labels[begin:end], 16) for part, (begin, end) in ends.items()}


def _load_idx(name: str) -> dict[str, Images]:
    train_images, train_labels, test_images, test_labels = (
        read_idx(_path_of(name, file), file.shape, file.sha256, 255 if len(file.shape) > 1 else NUM_CLASSES - 1)
        for file in _files(name)
    )
    split = len(train_images) - _VALIDATION
    return {
        "train": Images(train_images[:split], train_labels[:split]),
        "validation": Images(train_images[split:], train_labels[split:]),
        "test": Images(test_images, test_labels),
    }


DATASETS: dict[str, Dataset] = {
    "digits": Dataset(8, _DIGITS, _load_digits),
    "mnist": Dataset(28, _DIGITS, lambda: _load_idx("mnist")),
    "fashion_mnist": Dataset(28, _CLOTHES, lambda: _load_idx("fashion_mnist")),
}


def _files(name: str) -> list[_IdxFile]:
    return [_IdxFile(*where, *hashes) for where, hashes in zip(_NAMES, _HASHES[name], strict=True)]


def _path_of(name: str, file: _IdxFile) -> Path:
    """Where the file is: in ``WANN_DATA_DIR``, in the cache, or there after fetching it."""
    for folder in _folders(name):
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                return path
    return _fetch(name, file)


def _folders(name: str) -> list[Path]:
    given = os.environ.get("WANN_DATA_DIR")
    kept = [Path(given)] if given else []
    return [folder / _FOLDERS[name] for folder in (*kept, cache_directory() / "datasets")]


def _fetch(name: str, file: _IdxFile) -> Path:
    folder = _folders(name)[-1]
    wanted = ", ".join(f"{entry.name}.gz" for entry in _files(name))
    where = " or ".join(map(str, _folders(name)))
    try:
        import pooch

        found = pooch.retrieve(
            f"{_MIRRORS[name]}{file.name}.gz",
            known_hash=f"md5:{file.download_md5}",
            fname=f"{file.name}.gz",
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=60, progressbar=True),
        )
    except Exception as error:
        raise UserError(
            f"task.dataset: expected {wanted} in {where} (WANN_DATA_DIR's {_FOLDERS[name]} comes first), found no "
            f"{file.name}, and it could not be fetched ({type(error).__name__})"
        ) from error
    return Path(found)
