"""The published datasets, where this machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDERS = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def published(name: str) -> dict[str, Path]:
    """The dataset's files, by their published names; skips where this machine lacks them."""
    if reason := lack_of(name):
        pytest.skip(reason)
    return _found(name)


def lack_of(name: str) -> str:
    """The reason why the dataset cannot be used here; empty if it can."""
    if not os.environ.get("WANN_DATA_DIR"):
        return f"{name}: WANN_DATA_DIR is not set"
    return "" if len(_found(name)) == len(FILES) else f"{name}: its files are not in WANN_DATA_DIR"


def _found(name: str) -> dict[str, Path]:
    folder = Path(os.environ["WANN_DATA_DIR"], FOLDERS[name])
    return {file: path for file in FILES for path in folder.glob(f"{file}*")}
