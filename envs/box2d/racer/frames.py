"""CarRacing's frames as encoders' images: the 84 rows above the dashboard, shrunk, as numbers in [0, 1].

The encoder that comes with the package takes pictures: green and red, every pixel the mean of 3 x 3 of a frame's.
Those of the lanes are drawn by `envs.box2d.racer.picture`; here they are made of Gymnasium's frames. The
convolutional encoder takes images of 64 x 64 pixels and three colours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME_SHAPE = (96, 96, 3)
VISIBLE_ROWS = 84  # below them is the dashboard
PICTURE_SHAPE = (2, 28, 32)  # green and red, rows, columns
SIZE = 64  # pixels of a side of the convolutional encoder's images


def pictures(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures [B, 2, 28, 32] of frames [B, 96, 96, 3]; a picture's bits do not depend on the other frames.

    Raises:
        ValueError: another shape or type.
    """
    from envs.box2d.racer.kernels import average_blocks

    _check(frames)
    out = np.empty((len(frames), *PICTURE_SHAPE), np.float32)
    average_blocks(np.ascontiguousarray(frames), out)
    return out


def preprocess(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crop and shrink frames, averaging over the area that each pixel covers.

    Args:
        frames: [B, 96, 96, 3] uint8.

    Returns:
        [B, 64, 64, 3] float32 in [0, 1]; a frame's bits do not depend on the other frames.

    Raises:
        ValueError: another shape or type.
    """
    from envs.box2d.racer.kernels import shrink

    _check(frames)
    out = np.empty((len(frames), SIZE, SIZE, 3), np.float32)
    shrink(np.ascontiguousarray(frames), _FIRST_ROW, _SHARE, out)
    return out


def _check(frames: NDArray) -> None:
    if frames.ndim != 4 or frames.shape[1:] != FRAME_SHAPE or frames.dtype != np.uint8:
        raise ValueError(f"expected frames [B, 96, 96, 3] of uint8, found {list(frames.shape)} of {frames.dtype}")


def _row_shares() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """First source row [64] of every output row, and the weights of three rows from there on [64, 3]."""
    height = VISIBLE_ROWS / SIZE
    edges = np.arange(SIZE + 1) * height
    first = np.minimum(np.floor(edges[:-1]).astype(np.int64), VISIBLE_ROWS - 3)
    rows = first[:, None] + np.arange(3)
    covered = np.minimum(rows + 1, edges[1:, None]) - np.maximum(rows, edges[:-1, None])
    # An output column covers one and a half source columns.
    share = np.clip(covered, 0, 1) / (255 * height * 1.5)
    return first, share.astype(np.float32)


_FIRST_ROW, _SHARE = _row_shares()
