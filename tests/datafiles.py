"""The published datasets, where this machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDERS = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def published(name: str) -> dict[str, Path]:
    """The dataset's files, by their published names; skips where this machine lacks them."""
    given = os.environ.get("WANN_DATA_DIR")
    if not given:
        pytest.skip(f"{name}: WANN_DATA_DIR is not set")
    found = {file: path for file in FILES for path in Path(given, FOLDERS[name]).glob(f"{file}*")}
    if len(found) < len(FILES):
        pytest.skip(f"{name}: its files are not in WANN_DATA_DIR")
    return found
