"""The datasets by name, and the one door to a dataset: a name of this registry, or a path to images of one's own.

A search sees the training part; a champion is chosen on the validation part; the test part is for reports alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from envs.images.dataset import Dataset
from envs.images.digits import DIGITS
from envs.images.mnist import FASHION_MNIST, MNIST
from envs.images.own import describe
from wann.errors import UserError, did_you_mean

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (DIGITS, MNIST, FASHION_MNIST)}


def dataset_of(name: str) -> Dataset:
    """The dataset of a name: a key of `DATASETS`, or a path to a directory of idx files or an ``.npz`` (docs/tasks.md).

    A relative path is one from the working directory. A name of the registry is never a path: ``./mnist`` is one.

    Raises:
        UserError: neither, or images of one's own that cannot be read.
    """
    if name in DATASETS:
        return DATASETS[name]
    if os.sep in name or name.endswith(".npz") or Path(name).exists():
        return describe(os.path.abspath(name))
    raise UserError(
        key="task.dataset",
        expected="a dataset by name, or a path to a directory of idx files or an .npz file",
        found=f"{name!r}{did_you_mean(name, DATASETS)}",
    )


def title_of(name: str) -> str:
    """The dataset's title, which needs no images."""
    return DATASETS[name].title if name in DATASETS else Path(name).stem
