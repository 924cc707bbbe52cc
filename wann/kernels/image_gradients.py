"""Values and gradients of all nodes of one graph on a tile of images, at one shared weight (numba)."""

import numpy as np

from wann.activations import ELEMENTWISE
from wann.kernels import maths
from wann.kernels.jit import inlined, inner, jit
from wann.kernels.lane_forward import activate, sum_sources

_FUSED = True


def _with_case(code, slope, otherwise):
    @inlined
    def write_slopes(found, sums, values, row, weight, slopes, k):
        if found == code:
            for l in range(slopes.shape[1]):
                slopes[k, l] = slope(weight, sums[0, l] * weight, values[row, l], _FUSED)
        else:
            otherwise(found, sums, values, row, weight, slopes, k)

    return write_slopes


def _dispatch():
    @inlined
    def write_slopes(found, sums, values, row, weight, slopes, k):
        pass

    for entry in sorted(ELEMENTWISE.values(), key=lambda entry: entry.code, reverse=True):
        write_slopes = _with_case(entry.code, inlined(entry.kernel_slope(maths)), write_slopes)
    return write_slopes


_write_slopes = _dispatch()


@jit
def forward_with_slopes(activations, fan_in, sources, weight, values, slopes):
    """Compute the values of all nodes, and their derivatives with respect to their sums.

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
    """Derivatives of a node's values with respect to its unscaled sums."""
    _write_slopes(code, sums, values, row, weight, slopes, k)


@jit
def backward(fan_in, sources, first_row, slopes, deltas):
    """Turn the loss's derivatives with respect to values into those with respect to sums, from last node to first.

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
