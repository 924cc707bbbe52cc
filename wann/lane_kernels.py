"""Lane kernels: one network, many lanes, float32 on the CPU (numba).

All rollouts of a network (weights x seeds) run one topology, so they are vector lanes without
divergence: for each node in order, sum the rows of its sources, scale by the lane's weight, apply the
activation. Buffers are ``values [rows, L]``; row 0 is the bias, rows 1..I the inputs, then the computed
nodes. Rows are always indexed as ``values[row, lane]``: a row slice would cost two atomic reference
counts, more than the arithmetic.

The maths is polynomial and written out, because calls into a maths library do not vectorise and differ
between machines. Every function agrees with `wann.activations` to a few units in the last place.
"""

import numpy as np

from wann.activations import ACTIVATIONS, PERIODIC_LIMIT, STEP_THRESHOLD
from wann.jit import jit

LINEAR = ACTIVATIONS["linear"].code
STEP = ACTIVATIONS["step"].code
SIN = ACTIVATIONS["sin"].code
GAUSSIAN = ACTIVATIONS["gaussian"].code
TANH = ACTIVATIONS["tanh"].code
SIGMOID = ACTIVATIONS["sigmoid"].code
INVERSE = ACTIVATIONS["inverse"].code
ABS = ACTIVATIONS["abs"].code
RELU = ACTIVATIONS["relu"].code
COS = ACTIVATIONS["cos"].code

# Lanes are processed in tiles of this many: wide enough to hide latencies, small enough for the L1 cache.
TILE = 64

f32 = np.float32
_PERIODIC_LIMIT = f32(PERIODIC_LIMIT)
_STEP_THRESHOLD = f32(STEP_THRESHOLD)
# Adding and subtracting 1.5 * 2^23 rounds a float32 of magnitude below 2^22 to the nearest integer.
_ROUND = f32(12582912.0)


@jit
def round_nearest(x):
    return (x + _ROUND) - _ROUND


@jit
def _half_turns(x):
    """Split x = k + r with k the nearest integer; return r and (-1)^k."""
    x = min(max(x, -_PERIODIC_LIMIT), _PERIODIC_LIMIT)
    k = round_nearest(x)
    half = k * f32(0.5)
    return x - k, f32(1) - f32(4) * abs(half - round_nearest(half))


@jit
def sin_pi(x):
    """sin(pi x)."""
    r, sign = _half_turns(x)
    y = r * r
    p = f32(0.0821458866111282)
    p = p * y + f32(-0.5992645293207921)
    p = p * y + f32(2.550164039877345)
    p = p * y + f32(-5.16771278004997)
    p = p * y + f32(3.141592653589793)
    return sign * (r * p)


@jit
def cos_pi(x):
    """cos(pi x)."""
    r, sign = _half_turns(x)
    y = r * r
    p = f32(-0.02580689139001406)
    p = p * y + f32(0.23533063035889312)
    p = p * y + f32(-1.3352627688545893)
    p = p * y + f32(4.058712126416768)
    p = p * y + f32(-4.934802200544679)
    p = p * y + f32(1)
    return sign * p


@jit
def exp(x):
    """Cephes expf: 2^n times a polynomial; 0 below e^-30.

    Without that, tails of gaussians travel through networks as numbers whose squares are subnormal, which
    cost a hundred times the cycles of others: some evolved networks ran at a fifth of their speed.
    """
    vanishes = x < f32(-30)
    x = min(max(x, f32(-30)), f32(88))
    n = round_nearest(x * f32(1.44269504))
    r = x - n * f32(0.693359375) - n * f32(-2.12194440e-4)
    p = f32(1.9875691500e-4)
    p = p * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    p = p * (r * r) + r + f32(1)
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    return f32(0) if vanishes else p * power.view(np.float32)


@jit
def tanh(x):
    """The rational minimax approximation that Eigen uses, odd over even, saturated at +-7.905."""
    x = min(max(x, f32(-7.90531110763549805)), f32(7.90531110763549805))
    y = x * x
    p = f32(-2.76076847742355e-16)
    p = p * y + f32(2.00018790482477e-13)
    p = p * y + f32(-8.60467152213735e-11)
    p = p * y + f32(5.12229709037114e-08)
    p = p * y + f32(1.48572235717979e-05)
    p = p * y + f32(6.37261928875436e-04)
    p = p * y + f32(4.89352455891786e-03)
    q = f32(1.19825839466702e-06)
    q = q * y + f32(1.18534705686654e-04)
    q = q * y + f32(2.26843463243900e-03)
    q = q * y + f32(4.89352518554385e-03)
    return x * p / q


@jit
def activate(code, values, row, scale, num_lanes):
    """Replace ``values[row, l]`` by activation(scale[l] * values[row, l]): one branch for all lanes."""
    if code == LINEAR:
        for l in range(num_lanes):
            values[row, l] = values[row, l] * scale[l]
    elif code == STEP:
        for l in range(num_lanes):
            values[row, l] = f32(1) if values[row, l] * scale[l] > _STEP_THRESHOLD else f32(0)
    elif code == SIN:
        for l in range(num_lanes):
            values[row, l] = sin_pi(values[row, l] * scale[l])
    elif code == GAUSSIAN:
        for l in range(num_lanes):
            z = values[row, l] * scale[l]
            values[row, l] = exp(f32(-0.5) * (z * z))
    elif code == TANH:
        for l in range(num_lanes):
            values[row, l] = tanh(values[row, l] * scale[l])
    elif code == SIGMOID:
        for l in range(num_lanes):
            values[row, l] = (tanh(values[row, l] * scale[l] * f32(0.5)) + f32(1)) * f32(0.5)
    elif code == INVERSE:
        for l in range(num_lanes):
            values[row, l] = -(values[row, l] * scale[l])
    elif code == ABS:
        for l in range(num_lanes):
            values[row, l] = abs(values[row, l] * scale[l])
    elif code == RELU:
        for l in range(num_lanes):
            values[row, l] = max(f32(0), values[row, l] * scale[l])
    elif code == COS:
        for l in range(num_lanes):
            values[row, l] = cos_pi(values[row, l] * scale[l])


@jit
def sum_sources(values, sources, begin, end, row, num_lanes):
    """Set ``values[row]`` to the sum of the rows ``sources[begin:end]``, added from left to right."""
    count = end - begin
    i = begin
    if count >= 4:
        a, b, c, d = sources[i], sources[i + 1], sources[i + 2], sources[i + 3]
        for l in range(num_lanes):
            values[row, l] = values[a, l] + values[b, l] + values[c, l] + values[d, l]
        i += 4
    elif count == 3:
        a, b, c = sources[i], sources[i + 1], sources[i + 2]
        for l in range(num_lanes):
            values[row, l] = values[a, l] + values[b, l] + values[c, l]
        i += 3
    elif count == 2:
        a, b = sources[i], sources[i + 1]
        for l in range(num_lanes):
            values[row, l] = values[a, l] + values[b, l]
        i += 2
    elif count == 1:
        a = sources[i]
        for l in range(num_lanes):
            values[row, l] = values[a, l]
        i += 1
    else:
        for l in range(num_lanes):
            values[row, l] = f32(0)
    while i < end:
        a = sources[i]
        for l in range(num_lanes):
            values[row, l] += values[a, l]
        i += 1


@jit
def weighted_sum(values, sources, weights, begin, end, row, num_lanes):
    """As `sum_sources`, with a weight for each connection and lane: ``weights [sum E, L]``."""
    for l in range(num_lanes):
        values[row, l] = f32(0)
    for i in range(begin, end):
        a = sources[i]
        for l in range(num_lanes):
            values[row, l] += weights[i, l] * values[a, l]


@jit
def forward_shared(activations, fan_in, sources, nodes, first_row, edge, values, weights, num_lanes):
    """Compute all nodes of one network in place.

    Args:
        activations: [sum N] codes of the computed nodes of all networks.
        fan_in: [sum N] number of sources of each.
        sources: [sum E] rows, grouped by node.
        nodes: (begin, end) of this network's nodes.
        first_row: row of its first computed node, 1 + I.
        edge: position of its first source in ``sources``.
        values: [rows, L]; bias and input rows are set by the caller.
        weights: [L] the shared weight of each lane.
        num_lanes: lanes to compute, at most L.
    """
    begin, end = nodes
    for k in range(begin, end):
        row = first_row + k - begin
        stop = edge + fan_in[k]
        sum_sources(values, sources, edge, stop, row, num_lanes)
        activate(activations[k], values, row, weights, num_lanes)
        edge = stop


@jit
def forward_individual(activations, fan_in, sources, nodes, first_row, edge, values, weights, ones, num_lanes):
    """As `forward_shared`, with ``weights [sum E, L]`` by connection; ``ones [L]`` leaves sums unscaled."""
    begin, end = nodes
    for k in range(begin, end):
        row = first_row + k - begin
        stop = edge + fan_in[k]
        weighted_sum(values, sources, weights, edge, stop, row, num_lanes)
        activate(activations[k], values, row, ones, num_lanes)
        edge = stop
