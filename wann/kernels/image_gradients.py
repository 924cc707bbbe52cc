"""Values and gradients of all nodes of one graph on a tile of images, at one shared weight (numba)."""

import numpy as np

from wann.kernels.jit import inner, jit
from wann.kernels.lane_forward import (
    ABS,
    COS,
    GAUSSIAN,
    INVERSE,
    LINEAR,
    RELU,
    SIGMOID,
    SIN,
    TANH,
    activate,
    sum_sources,
)
from wann.kernels.maths import cos_pi, f32, sin_pi

_FUSED = True
_PI = f32(np.pi)


@jit
def forward_with_slopes(activations, fan_in, sources, weight, values, slopes):
    """Compute all nodes and what they gain by a larger sum.

    Args:
        activations: [N] codes, in an order of computation.
        fan_in: [N] number of sources of each.
        sources: [sum of fan_in] rows, grouped by node.
        weight: the shared weight, float32.
        values: [1 + I + N, B] float32; the bias and the inputs are set by the caller, the rest is written.
        slopes: [N, B] float32, written: the derivative of a node's value with respect to its unscaled sum.
    """
    num_nodes, lanes = slopes.shape
    first_row = len(values) - num_nodes
    sums = np.empty((1, lanes), np.float32)
    scale = np.full((1, lanes), weight)
    edge = 0
    for k in range(num_nodes):
        stop = edge + fan_in[k]
        sum_sources(values, 0, sources, edge, stop, sums, lanes, True)
        activate(activations[k], sums, 0, values, first_row + k, scale, 0, lanes, _FUSED)
        _slope(activations[k], sums, values, first_row + k, weight, slopes, k)
        edge = stop


@inner
def _slope(code, sums, values, row, weight, slopes, k):
    lanes = slopes.shape[1]
    if code == LINEAR:
        for l in range(lanes):
            slopes[k, l] = weight
    elif code == INVERSE:
        for l in range(lanes):
            slopes[k, l] = -weight
    elif code == SIN:
        for l in range(lanes):
            slopes[k, l] = weight * _PI * cos_pi(sums[0, l] * weight, _FUSED)
    elif code == COS:
        for l in range(lanes):
            slopes[k, l] = -weight * _PI * sin_pi(sums[0, l] * weight, _FUSED)
    elif code == GAUSSIAN:
        for l in range(lanes):
            slopes[k, l] = -weight * (sums[0, l] * weight) * values[row, l]
    elif code == TANH:
        for l in range(lanes):
            slopes[k, l] = weight * (f32(1) - values[row, l] * values[row, l])
    elif code == SIGMOID:
        for l in range(lanes):
            slopes[k, l] = weight * values[row, l] * (f32(1) - values[row, l])
    elif code == ABS:
        for l in range(lanes):
            z = sums[0, l] * weight
            slopes[k, l] = weight if z > f32(0) else (-weight if z < f32(0) else f32(0))
    elif code == RELU:
        for l in range(lanes):
            slopes[k, l] = weight if sums[0, l] * weight > f32(0) else f32(0)
    else:  # A step has no slope.
        for l in range(lanes):
            slopes[k, l] = f32(0)


@jit
def backward(fan_in, sources, first_row, slopes, deltas):
    """From the loss's derivative with respect to values to that with respect to sums, from last node to first.

    Args:
        fan_in: [N].
        sources: [sum of fan_in] rows.
        first_row: of the first computed node, 1 + I.
        slopes: [N, B] float32, of `forward_with_slopes`.
        deltas: [N, B] float32: on entry the derivative with respect to the outputs' values, 0 elsewhere.
    """
    num_nodes, lanes = deltas.shape
    edge = len(sources)
    for k in range(num_nodes - 1, -1, -1):
        for l in range(lanes):
            deltas[k, l] *= slopes[k, l]
        for i in range(edge - fan_in[k], edge):
            source = sources[i] - first_row
            if source >= 0:
                for l in range(lanes):
                    deltas[source, l] += deltas[k, l]
        edge -= fan_in[k]
