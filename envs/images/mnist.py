"""MNIST and Fashion-MNIST: found below ``WANN_DATA_DIR`` or the cache directory, or fetched once into the latter.

In both, files are searched for in ``mnist`` (``fashion-mnist``) and in torchvision's directories, ``MNIST/raw``
(``FashionMNIST/raw``). The validation part is the last 5,000 of the published training images.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from envs.images.dataset import Dataset, Images, Ink
from envs.images.idx_files import find_idx, read_idx
from wann.cache import cache_directory
from wann.errors import UserError

_VALIDATION = 5_000
_NUM_CLASSES = 10
# Names without their endings, and shapes.
_FILES = (
    ("train-images", (60_000, 28, 28)),
    ("train-labels", (60_000,)),
    ("t10k-images", (10_000, 28, 28)),
    ("t10k-labels", (10_000,)),
)


@dataclass(frozen=True)
class _Source:
    """Places of one dataset."""

    mirror: str
    folder: str
    torchvision: str
    md5s: tuple[str, ...]  # of the published, compressed files; torchvision expects the same


_SOURCES = {
    "mnist": _Source(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "mnist",
        "MNIST/raw",
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    "fashion_mnist": _Source(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "fashion-mnist",
        "FashionMNIST/raw",
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
}


def _load(dataset: Dataset) -> dict[str, Images]:
    train_images, train_labels, test_images, test_labels = (
        _read(dataset, index, shape) for index, (_, shape) in enumerate(_FILES)
    )
    split = len(train_images) - _VALIDATION
    return {
        "train": Images(train_images[:split], train_labels[:split]),
        "validation": Images(train_images[split:], train_labels[split:]),
        "test": Images(test_images, test_labels),
    }


def _read(dataset: Dataset, index: int, shape: tuple[int, ...]):
    sha256 = dataset.contents[index][1]
    path = _path_of(dataset.name, index)
    try:
        return read_idx(path, shape, sha256, 255 if len(shape) > 1 else _NUM_CLASSES - 1)
    except UserError as error:
        raise error.at(key="task.dataset") from error


def _path_of(name: str, index: int) -> Path:
    """The path of a file: in ``WANN_DATA_DIR``, in the cache, or there after fetching it."""
    stem, shape = _FILES[index]
    return find_idx(_folders(name), stem, (len(shape),)) or _fetch(name, index)


def _folders(name: str) -> list[Path]:
    source = _SOURCES[name]
    return [base / folder for base in _bases() for folder in (source.folder, source.torchvision)]


def _bases() -> list[Path]:
    given = os.environ.get("WANN_DATA_DIR")
    return [*([Path(given)] if given else []), cache_directory() / "datasets"]


def _published_name(index: int) -> str:
    stem, shape = _FILES[index]
    return f"{stem}-idx{len(shape)}-ubyte"


def _fetch(name: str, index: int) -> Path:
    source, file = _SOURCES[name], _published_name(index)
    wanted = ", ".join(f"{_published_name(each)}.gz" for each in range(len(_FILES)))
    where = " or ".join(str(base / source.folder) for base in _bases())
    try:
        import pooch

        found = pooch.retrieve(
            f"{source.mirror}{file}.gz",
            known_hash=f"md5:{source.md5s[index]}",
            fname=f"{file}.gz",
            path=_bases()[-1] / source.folder,
            downloader=pooch.HTTPDownloader(timeout=60, progressbar=True),
        )
    except Exception as error:
        raise UserError(
            key="task.dataset",
            expected=f"{wanted} in {where}, or in torchvision's {source.torchvision} beside "
            f"(WANN_DATA_DIR's {source.folder} comes first)",
            found=f"no {file}, and it could not be fetched ({type(error).__name__})",
        ) from error
    return Path(found)


def _contents(*hashes: str) -> tuple[tuple[str, str], ...]:
    """SHA-256 of the uncompressed files, by their published names."""
    return tuple((_published_name(index), sha256) for index, sha256 in enumerate(hashes))


MNIST = Dataset(
    name="mnist",
    title="MNIST digits",
    shape=(28, 28, 1),
    classes=tuple(map(str, range(10))),
    contents=_contents(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    load=_load,
    deskewed=True,
    ink=Ink(canvas=28, box=20, centre="mass"),
)
FASHION_MNIST = Dataset(
    name="fashion_mnist",
    title="Fashion-MNIST",
    shape=(28, 28, 1),
    classes=("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    contents=_contents(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    load=_load,
    deskewed=True,
    ink=Ink(canvas=28, box=28, centre="box"),
)
