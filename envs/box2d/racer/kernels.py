"""Kernels of frames and encoders: shrinking by area, and dense layers with sums in a fixed order."""

import numpy as np

from wann.kernels.jit import elementwise, inner, jit
from wann.kernels.maths import multiply_add


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


@jit
def encode(images, hidden_weights, hidden_bias, mean_weights, mean_bias, values, latents):
    """A dense layer with ReLU and another one, four images at a time; the rest go one by one with the same sums.

    Args:
        images: [B, I] float32; I is a multiple of 4.
        hidden_weights: [I, H] float32.
        hidden_bias: [H] float32.
        mean_weights: [H, O] float32.
        mean_bias: [O] float32.
        values: [4, H] float32, scratch.
        latents: [B, O] float32, written.
    """
    done = 0
    while done < len(images):
        count = 4 if len(images) - done >= 4 else 1
        for b in range(count):
            values[b, :] = hidden_bias
        if count == 4:
            _add_four(values[0], values[1], values[2], values[3], images[done : done + 4], hidden_weights)
        else:
            _add_one(values[0], images[done], hidden_weights)
        for b in range(count):
            _add_rectified(latents[done + b], values[b], mean_weights, mean_bias)
        done += count


@inner
def _add_four(first, second, third, fourth, images, weights):
    """Add the products of four images to their hidden units [H]: rows by name, which LLVM needs to vectorise."""
    for i in range(0, images.shape[1], 4):
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        a0, a1, a2, a3 = images[0, i], images[0, i + 1], images[0, i + 2], images[0, i + 3]
        b0, b1, b2, b3 = images[1, i], images[1, i + 1], images[1, i + 2], images[1, i + 3]
        c0, c1, c2, c3 = images[2, i], images[2, i + 1], images[2, i + 2], images[2, i + 3]
        d0, d1, d2, d3 = images[3, i], images[3, i + 1], images[3, i + 2], images[3, i + 3]
        for j in range(len(first)):
            first[j] = _sum(first[j], a0, a1, a2, a3, w0[j], w1[j], w2[j], w3[j])
            second[j] = _sum(second[j], b0, b1, b2, b3, w0[j], w1[j], w2[j], w3[j])
            third[j] = _sum(third[j], c0, c1, c2, c3, w0[j], w1[j], w2[j], w3[j])
            fourth[j] = _sum(fourth[j], d0, d1, d2, d3, w0[j], w1[j], w2[j], w3[j])


@inner
def _add_one(values, image, weights):
    """Add the products of an image to its hidden units [H], in the same order."""
    for i in range(0, len(image), 4):
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        a0, a1, a2, a3 = image[i], image[i + 1], image[i + 2], image[i + 3]
        for j in range(len(values)):
            values[j] = _sum(values[j], a0, a1, a2, a3, w0[j], w1[j], w2[j], w3[j])


@elementwise
def _sum(value, x0, x1, x2, x3, w0, w1, w2, w3):
    """value + x0 w0 + x1 w1 + x2 w2 + x3 w3, from left to right."""
    value = multiply_add(x0, w0, value, True)
    value = multiply_add(x1, w1, value, True)
    value = multiply_add(x2, w2, value, True)
    return multiply_add(x3, w3, value, True)


@inner
def _add_rectified(latents, values, weights, bias):
    for o in range(len(latents)):
        latents[o] = bias[o]
    for j in range(len(values)):
        value = max(values[j], np.float32(0))
        for o in range(len(latents)):
            latents[o] = multiply_add(value, weights[j, o], latents[o], True)
