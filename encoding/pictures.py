"""Pictures as PNG files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from encoding.vae import VAE

_GAP = 1  # pixels between tiles
_ENLARGED = 3


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of an image [rows, columns, 3]."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def tiles(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One image of a grid of images [rows, columns, height, width, 3], on white."""
    rows, columns, height, width, _ = images.shape
    sheet = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, np.uint8)
    for r in range(rows):
        for c in range(columns):
            top, left = _GAP + r * (height + _GAP), _GAP + c * (width + _GAP)
            sheet[top : top + height, left : left + width] = images[r, c]
    return sheet


def coloured(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures in green and red [C, 2, 28, 32] as images [C, 84, 96, 3]; blue is the smaller of both."""
    green, red = pictures[:, 0], pictures[:, 1]
    images = np.stack([red, green, np.minimum(red, green)], axis=-1)
    return images.repeat(_ENLARGED, axis=1).repeat(_ENLARGED, axis=2)


def reconstructions(vae: VAE, rows: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """For each row of pictures [C, 2, 28, 32], a row of originals and below it what the VAE makes of them."""
    import torch

    from encoding.vae import to_images

    pairs = []
    with torch.inference_mode():
        for originals in rows:
            found = vae.decode(vae.encode(to_images(originals))[0]).clamp(0, 1).numpy()
            pairs += [coloured(originals), coloured(np.rint(found * 255).astype(np.uint8))]
    return tiles(np.stack(pairs))
