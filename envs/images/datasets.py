"""The registry of datasets, and the function that gives a dataset by name or by a path to the user's own images.

A search uses the training part, a champion is chosen on the validation part, and the test part is for reports only.
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

    A relative path starts from the working directory. A name of the registry is never a path; ``./mnist`` is a path.

    Raises:
        UserError: the name is neither, or the user's own images cannot be read.
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
    """The dataset's title. It needs no images."""
    return DATASETS[name].title if name in DATASETS else Path(name).stem
