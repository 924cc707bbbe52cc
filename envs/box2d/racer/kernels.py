"""Shrinking CarRacing's frames: crop and area-average in one pass over the pixels."""

import numpy as np

from wann.kernels.jit import jit


@jit
def average_blocks(frames, out):
    """Average green and red over blocks of 3 x 3 pixels.

    Args:
        frames: [B, 96, 96, 3] uint8; rows from the 84th on show the dashboard and are not read.
        out: [B, 2, 28, 32] float32 in [0, 1], written.
    """
    share = np.float32(1 / (9 * 255))
    for b in range(len(frames)):
        for channel in range(2):
            colour = 1 - channel
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    total = 0
                    for row in range(3 * i, 3 * i + 3):
                        for column in range(3 * j, 3 * j + 3):
                            total += frames[b, row, column, colour]
                    out[b, channel, i, j] = np.float32(total) * share


@jit
def shrink(frames, first_row, share, out):
    """Average [84, 96] pixels into [64, 64], each output pixel over exactly the area it covers.

    Sums have a fixed order, so a frame's bits depend neither on the other frames nor on the machine.

    Args:
        frames: [B, 96, 96, 3] uint8; rows from the 84th on show dashboard and are not read.
        first_row: [64] int64, the first row that each output row covers.
        share: [64, 3] float32, weights of three rows from there on, including 1 / 255 and the columns' factor.
        out: [B, 64, 64, 3] float32 in [0, 1], written.
    """
    width = frames.shape[2] * 3
    row = np.empty(width, np.float32)
    for b in range(len(frames)):
        image = frames[b].reshape(frames.shape[1], width)
        for i in range(64):
            top = first_row[i]
            s0, s1, s2 = share[i, 0], share[i, 1], share[i, 2]
            for j in range(width):
                row[j] = (
                    s0 * np.float32(image[top, j])
                    + s1 * np.float32(image[top + 1, j])
                    + s2 * np.float32(image[top + 2, j])
                )
            # 96 columns to 64: three become two, which share the middle one.
            for k in range(32):
                for c in range(3):
                    middle = row[9 * k + 3 + c]
                    out[b, i, 2 * k, c] = row[9 * k + c] + np.float32(0.5) * middle
                    out[b, i, 2 * k + 1, c] = row[9 * k + 6 + c] + np.float32(0.5) * middle


@jit
def add_and_rectify(values, bias):
    """Replace ``values`` [M, C] float32 by max(values + bias, 0), in place; ``bias`` is [C] float32."""
    for m in range(values.shape[0]):
        for c in range(values.shape[1]):
            value = values[m, c] + bias[c]
            values[m, c] = value if value > 0 else np.float32(0)
