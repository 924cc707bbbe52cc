"""Images and labels as tensors: the parts that a search sees, is chosen on, and is reported on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from envs.images.datasets import dataset_of
from envs.images.inputs import load_inputs


@dataclass(frozen=True)
class Examples:
    """N images of one part."""

    inputs: Tensor  # [N, I] float32 in [0, 1]
    labels: Tensor  # [N] int64

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Examples:
        return Examples(self.inputs[:count], self.labels[:count])


def load_examples(dataset: str, inputs: str, split: str, device: str = "cpu") -> Examples:
    """All images of a part.

    Args:
        dataset: a key of `envs.images.datasets.DATASETS`, or a path to images of one's own.
        inputs: a key of `envs.images.inputs.input_kinds`.
        split: one of `envs.images.dataset.SPLITS`.
        device: where the tensors are to be.

    Raises:
        UserError: the dataset cannot be had.
    """
    pixels, labels = load_inputs(dataset_of(dataset), inputs, split)
    # Copied: what is kept in the cache is mapped into memory and must not be written to.
    rows, own = torch.from_numpy(np.array(pixels.T, order="C")), torch.from_numpy(np.array(labels))
    return Examples(rows.to(device), own.to(device))
