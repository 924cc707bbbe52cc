"""The user's own images: an ``.npz`` file with ``images`` and ``labels``, or a directory of idx files (docs/tasks.md).

If there are ``test_images`` and ``test_labels`` (``t10k-...`` or ``test-...`` among idx files), they are the test part,
and 15 % of the others are the validation part. Otherwise each of the two parts gets 15 %. The division is made within
each class by a fixed seed, so it is the same everywhere.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from envs.images.dataset import SPLITS, Dataset, Images
from envs.images.idx_files import find_idx, read_idx
from wann.errors import UserError

_KEY = "task.dataset"
_SHARE = 0.15  # of a class in the validation part, and in the test part
_LAYOUT = "train-images-idx3-ubyte and train-labels-idx1-ubyte"
# Names of arrays, and the stems of the idx files that hold them.
_ARRAYS = {
    "images": ("train-images",),
    "labels": ("train-labels",),
    "test_images": ("t10k-images", "test-images"),
    "test_labels": ("t10k-labels", "test-labels"),
}
_Arrays = Mapping[str, NDArray[Any]]
_Stamp = tuple[tuple[str, int, int], ...]


def describe(path: str) -> Dataset:
    """The dataset at an absolute path. Its images are read once, and again only if its files change.

    Raises:
        UserError: the file or directory does not exist, or does not hold labelled images.
    """
    return _described(path, _stamp(path))


def contents_of(arrays: _Arrays) -> tuple[tuple[str, str], ...]:
    """SHA-256 of each array's type, shape and numbers, independent of the file's compression."""

    def digest(array: NDArray) -> str:
        header = f"{array.dtype.str} {list(array.shape)}\n".encode()
        return hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()

    return tuple((name, digest(arrays[name])) for name in _ARRAYS if name in arrays)


@lru_cache(maxsize=8)
def _described(path: str, stamp: _Stamp) -> Dataset:
    arrays = _read(path)
    images = arrays["images"]
    shape = (images.shape[1], images.shape[2], images.shape[3] if images.ndim == 4 else 1)
    classes = tuple(map(str, range(int(arrays["labels"].max()) + 1)))
    return Dataset(path, Path(path).stem, shape, classes, contents_of(arrays), _load)


def _load(dataset: Dataset) -> dict[str, Images]:
    arrays = _read(dataset.name)
    if contents_of(arrays) != dataset.contents:
        raise UserError(key=_KEY, place=dataset.name, expected="the images of before", found="other ones")
    images, labels = arrays["images"], arrays["labels"]
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    brightest = 255 if images.dtype == np.uint8 else 1
    rows = divide(labels, "test_images" not in arrays)
    parts = {part: Images(images[chosen], labels[chosen], brightest) for part, chosen in rows.items()}
    if "test_images" in arrays:
        test = arrays["test_images"].reshape(-1, *images.shape[1:])
        parts["test"] = Images(test, arrays["test_labels"], brightest)
    return {part: parts[part] for part in SPLITS}


def divide(labels: NDArray[np.int64], with_test: bool) -> dict[str, NDArray[np.int64]]:
    """Rows of each part, ascending. Validation gets 15 % of every class and at least one image; tests get as many."""
    rng = np.random.Generator(np.random.Philox(0))
    rows: dict[str, list[NDArray[np.int64]]] = {part: [] for part in SPLITS}
    for label in range(int(labels.max()) + 1):
        own = rng.permutation(np.flatnonzero(labels == label))
        few = max(1, round(_SHARE * len(own)))
        ends = [few, 2 * few if with_test else few]
        for part, chosen in zip(("validation", "test", "train"), np.split(own, ends), strict=True):
            rows[part].append(chosen)
    return {part: np.sort(np.concatenate(chosen)) for part, chosen in rows.items()}


# --- reading ---


def _stamp(path: str) -> _Stamp:
    """Name, time and size of the files. If they change, the files are read again."""
    try:
        files = sorted(_idx_files(path).values()) if Path(path).is_dir() else [Path(path)]
        return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    except OSError as error:
        expected = "a directory of idx files or an .npz file"
        raise UserError(key=_KEY, place=path, expected=expected, found=str(error.strerror)) from None


def _read(path: str) -> _Arrays:
    arrays = _read_idx_files(path) if Path(path).is_dir() else _read_npz(path)
    for name in ("images", "labels"):
        if name not in arrays:
            _refuse(path, f"an array {name!r}", f"{', '.join(arrays) or 'none'}")
    if ("test_images" in arrays) != ("test_labels" in arrays):
        _refuse(path, "test_images and test_labels, or neither", "one of them")
    _check(path, arrays, "images", "labels")
    _check_classes(path, arrays["labels"], least=2 if "test_images" in arrays else 3)
    if "test_images" in arrays:
        _check(path, arrays, "test_images", "test_labels")
        _check_test(path, arrays)
    return {name: array.astype(np.int64) if name.endswith("labels") else array for name, array in arrays.items()}


def _read_npz(path: str) -> dict[str, NDArray[Any]]:
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                _refuse(path, "a directory of idx files or an .npz file", "another file")
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in _ARRAYS if name in kept.files}
    except OSError as error:
        _refuse(path, "a readable .npz file", str(error.strerror or error))
    except UserError:
        raise
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        _refuse(path, "an .npz file of plain arrays, without pickled objects", " ".join(str(error).split()))


def _idx_files(path: str) -> dict[str, Path]:
    """Files by array. They may be in a subdirectory ``raw``, as in torchvision."""
    folders = (Path(path), Path(path, "raw"))
    found: dict[str, Path] = {}
    for name, stems in _ARRAYS.items():
        dimensions = (3, 4) if name.endswith("images") else (1,)
        for stem in stems:
            file = find_idx(folders, stem, dimensions)
            if file is not None:
                found.setdefault(name, file)
    return found


def _read_idx_files(path: str) -> dict[str, NDArray[Any]]:
    files = _idx_files(path)
    if not {"images", "labels"} <= set(files):
        _refuse(path, f"the idx files {_LAYOUT} (or .gz)", ", ".join(file.name for file in files.values()) or "neither")
    try:
        return {name: read_idx(file, (None,) * _dimensions(file)) for name, file in files.items()}
    except UserError as error:
        raise error.at(key=_KEY) from error


def _dimensions(file: Path) -> int:
    """The number of dimensions given by the file's name: ``-idx3-`` means three."""
    return int(file.name.split("idx")[1][0])


# --- checking ---


def _check(path: str, arrays: _Arrays, images: str, labels: str) -> None:
    """Check the types, shapes and ranges of pictures and their labels."""
    pixels, classes = arrays[images], arrays[labels]
    if pixels.ndim not in (3, 4) or 0 in pixels.shape:
        _refuse(path, f"{images} [N, rows, columns] or [N, rows, columns, channels]", f"shape {list(pixels.shape)}")
    if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
        _refuse(path, f"{images} of uint8, or of floats from 0 to 1", str(pixels.dtype))
    if pixels.dtype.kind == "f" and not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
        _refuse(path, f"{images} of floats from 0 to 1", f"{pixels.min():g} to {pixels.max():g}")
    if classes.dtype.kind not in "iu":
        _refuse(path, f"{labels} of whole numbers", str(classes.dtype))
    if classes.shape != pixels.shape[:1]:
        _refuse(path, f"{labels} [{len(pixels)}], one for each of {images}", f"shape {list(classes.shape)}")


def _check_classes(path: str, labels: NDArray[Any], least: int) -> None:
    """Check that labels are 0 to K - 1 with K of at least 2, each with images for all parts."""
    if labels.min() < 0:
        _refuse(path, "labels of at least 0", str(labels.min()))
    if labels.max() >= len(labels):
        _refuse(path, f"labels of 0 to K - 1 with at least {least} images for each", f"the label {labels.max()}")
    counts = np.bincount(labels.astype(np.int64))
    if len(counts) < 2:
        _refuse(path, "labels of at least two classes, 0 and 1", "only 0")
    few = int(counts.argmin())
    if counts[few] < least:
        expected = f"labels of 0 to {len(counts) - 1} with at least {least} images for each"
        _refuse(path, expected, f"{int(counts[few])} with the label {few}")


def _check_test(path: str, arrays: _Arrays) -> None:
    """Check that the test part has the same kind of pictures and the same classes."""
    images, tests = arrays["images"], arrays["test_images"]
    if images.shape[1:] != tests.shape[1:] or images.dtype != tests.dtype:
        expected = f"test_images of {images.dtype} {list(images.shape[1:])}, as the others"
        _refuse(path, expected, f"{tests.dtype} {list(tests.shape[1:])}")
    labels, last = arrays["test_labels"], int(arrays["labels"].max())
    if labels.min() < 0 or labels.max() > last:
        _refuse(path, f"test_labels of 0 to {last}", f"{labels.min()} to {labels.max()}")


def _refuse(path: str, expected: str, found: str) -> NoReturn:
    raise UserError(key=_KEY, place=path, expected=expected, found=found)
