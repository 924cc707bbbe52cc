"""The digits of scikit-learn: 1,797 pictures of 8 x 8 pixels that come with the package."""

from __future__ import annotations

import numpy as np

from envs.images.dataset import Dataset, Images, Ink
from wann.errors import UserError
from wann.extras import install


def _load(dataset: Dataset) -> dict[str, Images]:
    """The images, shuffled by a fixed key and divided into 1,197 / 300 / 300."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserError(
            key="task.dataset",
            expected="scikit-learn for 'digits'",
            found="none",
            remedy=f"install it with: {install('sklearn')}",
        ) from None
    bunch = load_digits()
    order = np.random.Generator(np.random.Philox(0)).permutation(len(bunch.target))
    pixels, labels = bunch.images.astype(np.uint8)[order], bunch.target.astype(np.uint8)[order]
    ends = {"train": (0, 1197), "validation": (1197, 1497), "test": (1497, 1797)}
    return {part: Images(pixels[begin:end], labels[begin:end], 16) for part, (begin, end) in ends.items()}


DIGITS = Dataset(
    name="digits",
    title="Digits, 8 by 8",
    shape=(8, 8, 1),
    classes=tuple(map(str, range(10))),
    contents=(("source", "scikit-learn, load_digits"),),
    load=_load,
    ink=Ink(canvas=32, box=32, centre="box", blocks=4, brightest=16),
)
