"""Cross-entropy, right answers and fitted temperatures of logits: images are the vector lanes (numba).

Each loop over images uses few arrays. With many, LLVM does not check whether they overlap, and does not vectorise.
"""

import numpy as np

from wann.kernels.jit import inner, jit
from wann.kernels.maths import exp_of_negative, larger, log

# Losses are summed in blocks of this many images, independent of the tile, in as many partial sums as a vector has
# lanes.
_BLOCK, PARTIAL_SUMS = 128, 16
# Steps in the logarithm of a scale, and the largest of them.
_NEWTON_STEPS, _LARGEST_STEP = 12, 1.5


@jit
def score(logits, labels, losses, correct):
    """Cross-entropy and right answers of given logits, as in `shared_losses`.

    Args:
        logits: [S, O, B] float32.
        labels: [B] int64.
        losses: [S] float64, the sum over images in nats, written.
        correct: [S] int64, written.
    """
    num_outputs, num_images = logits.shape[1], logits.shape[2]
    rows = np.arange(num_outputs).astype(np.int32)
    largest = np.empty((1, num_images), np.float32)
    total = np.empty((1, num_images), np.float32)
    own = np.empty((1, num_images), np.float32)
    beaten = np.empty((1, num_images), np.int32)
    partial = np.empty(PARTIAL_SUMS, np.float64)
    for s in range(len(logits)):
        losses[s], correct[s] = 0, 0
        cross_entropy(logits[s], rows, largest, total, num_images)
        gather_own(logits[s], rows, labels, own)
        add_up(largest, total, own, num_images, partial, losses[s : s + 1])
        count_right(logits[s], rows, labels, own, beaten, correct[s : s + 1])


@inner
def cross_entropy(values, rows, largest, total, num_lanes):
    """The largest logit of each lane, and the logarithm of the softmax's denominator; logit o is in ``rows[o]``."""
    first = rows[0]
    for l in range(num_lanes):
        largest[0, l] = values[first, l]
    for o in range(1, len(rows)):
        row = rows[o]
        for l in range(num_lanes):
            largest[0, l] = larger(largest[0, l], values[row, l])
    for l in range(num_lanes):
        total[0, l] = exp_of_negative(values[first, l] - largest[0, l])
    for o in range(1, len(rows)):
        row = rows[o]
        for l in range(num_lanes):
            total[0, l] += exp_of_negative(values[row, l] - largest[0, l])
    for l in range(num_lanes):
        total[0, l] = log(total[0, l])


@inner
def gather_own(by_weight, rows, labels, own):
    """The logit of each image's label."""
    num_weights = own.shape[0]
    for w in range(num_weights):
        for l in range(len(labels)):
            # Unsigned, because numba would otherwise check every index for being negative.
            row = np.uint64(rows[np.uint64(labels[l])])
            own[w, l] = by_weight[row * np.uint64(num_weights) + np.uint64(w), np.uint64(l)]


@inner
def add_up(largest, total, own, lanes, partial, losses):
    """Sum in float64, in an order that vectorises and depends neither on the tile nor on other networks."""
    for w in range(len(losses)):
        for first in range(0, lanes, _BLOCK):
            for j in range(PARTIAL_SUMS):
                partial[j] = 0
            last = min(first + _BLOCK, lanes)
            whole = last - (last - first) % PARTIAL_SUMS
            for begin in range(first, whole, PARTIAL_SUMS):
                for j in range(PARTIAL_SUMS):
                    l = begin + j
                    partial[j] += total[w, l] + (largest[w, l] - own[w, l])
            for l in range(whole, last):
                partial[l - whole] += total[w, l] + (largest[w, l] - own[w, l])
            for j in range(PARTIAL_SUMS):
                losses[w] += partial[j]


@inner
def count_right(by_weight, rows, labels, own, beaten, correct):
    """Count images whose label's logit is not exceeded by another and not equalled by an earlier one."""
    num_weights, lanes = len(correct), len(labels)
    for w in range(num_weights):
        for l in range(lanes):
            beaten[w, l] = 0
        for o in range(len(rows)):
            row = rows[o] * num_weights + w
            for l in range(lanes):
                worse = (by_weight[row, l] > own[w, l]) | ((labels[l] > o) & (by_weight[row, l] == own[w, l]))
                beaten[w, l] |= np.int32(worse)
        wrong = 0
        for l in range(lanes):
            wrong += beaten[w, l]
        correct[w] += lanes - wrong


@jit
def fit_scales(logits, labels, scales):
    """The factor of each setting's logits that minimises the cross-entropy, by Newton's method in its logarithm.

    Args:
        logits: [S, O, B] float32.
        labels: [B] int64.
        scales: [S] float32, written.
    """
    num_outputs, num_images = logits.shape[1], logits.shape[2]
    largest = np.empty(num_images, np.float32)
    total = np.empty(num_images, np.float32)
    mean = np.empty(num_images, np.float32)
    square = np.empty(num_images, np.float32)
    partial = np.empty(PARTIAL_SUMS, np.float64)
    for s in range(len(logits)):
        below, own = _below_largest(logits[s], labels, largest, mean, partial)
        scale = num_outputs * num_images / below if below > 0 else 1.0
        for _ in range(_NEWTON_STEPS if below > 0 else 0):
            _softmax_moments(logits[s], largest, np.float32(scale), total, mean, square)
            slope = scale * (_sum(mean, partial) - own)
            curvature = scale * scale * _sum(square, partial) + abs(slope)
            if not curvature > 0:
                break
            scale *= np.exp(min(max(-slope / curvature, -_LARGEST_STEP), _LARGEST_STEP))
        scales[s] = scale


@inner
def _below_largest(logits, labels, largest, room, partial):
    """Sum of the distances of an image's logits from its largest one, and the distance of its label's (negative)."""
    num_outputs, num_images = logits.shape
    for l in range(num_images):
        largest[l] = logits[0, l]
    for o in range(1, num_outputs):
        for l in range(num_images):
            largest[l] = larger(largest[l], logits[o, l])
    for l in range(num_images):
        room[l] = 0
    for o in range(num_outputs):
        for l in range(num_images):
            room[l] += largest[l] - logits[o, l]
    below = _sum(room, partial)
    for l in range(num_images):
        room[l] = logits[labels[l], l] - largest[l]
    return below, _sum(room, partial)


@inner
def _softmax_moments(logits, largest, scale, total, mean, square):
    """Mean and variance [B] of an image's logits, less the largest, under its own softmax."""
    num_outputs, num_images = logits.shape
    for l in range(num_images):
        total[l] = 0
    for l in range(num_images):
        mean[l] = 0
    for l in range(num_images):
        square[l] = 0
    for o in range(num_outputs):
        for l in range(num_images):
            total[l] += exp_of_negative(scale * (logits[o, l] - largest[l]))
        for l in range(num_images):
            x = logits[o, l] - largest[l]
            mean[l] += x * exp_of_negative(scale * x)
        for l in range(num_images):
            x = logits[o, l] - largest[l]
            square[l] += x * x * exp_of_negative(scale * x)
    for l in range(num_images):
        mean[l] /= total[l]
    for l in range(num_images):
        square[l] = square[l] / total[l] - mean[l] * mean[l]


@inner
def _sum(values, partial):
    """Sum in float64, in a fixed order that vectorises."""
    whole = len(values) - len(values) % PARTIAL_SUMS
    for j in range(PARTIAL_SUMS):
        partial[j] = 0
    for begin in range(0, whole, PARTIAL_SUMS):
        for j in range(PARTIAL_SUMS):
            partial[j] += values[begin + j]
    for l in range(whole, len(values)):
        partial[l - whole] += values[l]
    result = 0.0
    for j in range(PARTIAL_SUMS):
        result += partial[j]
    return result
