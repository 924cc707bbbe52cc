"""Lane kernels: one network, many lanes, float32 on the CPU (numba).

All rollouts of a network (weights x seeds) run one topology, so they are vector lanes without
divergence: for each node in order, sum the rows of its sources, scale by the lane's weight, apply the
activation. Buffers are ``values [rows, L]``; row 0 is the bias, rows 1..I the inputs, then the computed
nodes. Rows are always indexed as ``values[row, lane]``: a row slice would cost two atomic reference
counts, more than the arithmetic. Sums have a separate buffer, ``sums [1, L]``, because a loop that reads one
array and writes another vectorises reliably.

Elementary functions are polynomials; see `wann.kernels.maths`, also for the meaning of ``fused``.
"""

from wann.activations import ELEMENTWISE
from wann.kernels import maths
from wann.kernels.jit import inlined, inner
from wann.kernels.maths import f32

# Lanes are processed in tiles of this many: wide enough to hide latencies, small enough for the L1 cache.
TILE = 64

# The value of ``fused`` in control tasks; see `wann.kernels.maths`.
FUSED = False


def _with_case(code, function, otherwise):
    """Add a case with one branch for all lanes, because a loop without calls vectorises."""

    @inlined
    def activate(found, sums, at, values, row, scale, setting, num_lanes, fused):
        if found == code:
            for l in range(num_lanes):
                values[row, l] = function(sums[at, l] * scale[setting, l], fused)
        else:
            otherwise(found, sums, at, values, row, scale, setting, num_lanes, fused)

    return activate


def _dispatch():
    """The loops of all activations, chosen by code."""

    @inlined
    def activate(found, sums, at, values, row, scale, setting, num_lanes, fused):
        pass

    for entry in sorted(ELEMENTWISE.values(), key=lambda entry: entry.code, reverse=True):
        activate = _with_case(entry.code, inlined(entry.kernel(maths)), activate)
    return activate


_activate = _dispatch()


@inner
def activate(code, sums, at, values, row, scale, setting, num_lanes, fused):
    """Set ``values[row, l]`` to activation(scale[setting, l] * sums[at, l]).

    ``sums`` and ``values`` may be one array if ``at`` is another row than ``row``.
    """
    _activate(code, sums, at, values, row, scale, setting, num_lanes, fused)


@inner
def sum_sources(values, offset, sources, begin, end, sums, num_lanes, anew):
    """Sum rows ``sources[begin:end] - offset`` of ``values`` from left to right: into ``sums[0]``, or added to it."""
    i = begin
    if anew:
        count = end - begin
        if count >= 4:
            a, b, c, d = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset, sources[i + 3] - offset
            for l in range(num_lanes):
                sums[0, l] = values[a, l] + values[b, l] + values[c, l] + values[d, l]
            i += 4
        elif count == 3:
            a, b, c = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset
            for l in range(num_lanes):
                sums[0, l] = values[a, l] + values[b, l] + values[c, l]
            i += 3
        elif count == 2:
            a, b = sources[i] - offset, sources[i + 1] - offset
            for l in range(num_lanes):
                sums[0, l] = values[a, l] + values[b, l]
            i += 2
        elif count == 1:
            a = sources[i] - offset
            for l in range(num_lanes):
                sums[0, l] = values[a, l]
            i += 1
        else:
            for l in range(num_lanes):
                sums[0, l] = f32(0)
    while i + 4 <= end:
        a, b, c, d = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset, sources[i + 3] - offset
        for l in range(num_lanes):
            sums[0, l] = sums[0, l] + values[a, l] + values[b, l] + values[c, l] + values[d, l]
        i += 4
    if i + 2 <= end:
        a, b = sources[i] - offset, sources[i + 1] - offset
        for l in range(num_lanes):
            sums[0, l] = sums[0, l] + values[a, l] + values[b, l]
        i += 2
    if i < end:
        a = sources[i] - offset
        for l in range(num_lanes):
            sums[0, l] += values[a, l]


@inner
def weighted_sum(values, sources, weights, begin, end, sums, num_lanes):
    """Like `sum_sources`, with a weight for each connection and lane: ``weights [sum E, L]``."""
    for l in range(num_lanes):
        sums[0, l] = f32(0)
    for i in range(begin, end):
        a = sources[i]
        for l in range(num_lanes):
            sums[0, l] += weights[i, l] * values[a, l]


@inner
def forward_shared(activations, fan_in, sources, nodes, first_row, edge, values, sums, weights, num_lanes):
    """Compute all nodes of one network in place.

    Args:
        activations: [sum N] codes of the computed nodes of all networks.
        fan_in: [sum N] number of sources of each.
        sources: [sum E] rows, grouped by node.
        nodes: (begin, end) of this network's nodes.
        first_row: row of its first computed node, 1 + I.
        edge: position of its first source in ``sources``.
        values: [rows, L]; bias and input rows are set by the caller.
        sums: [1, L], a work buffer.
        weights: [1, L] the shared weight of each lane.
        num_lanes: lanes to compute, at most L.
    """
    begin, end = nodes
    for k in range(begin, end):
        row = first_row + k - begin
        stop = edge + fan_in[k]
        sum_sources(values, 0, sources, edge, stop, sums, num_lanes, True)
        activate(activations[k], sums, 0, values, row, weights, 0, num_lanes, FUSED)
        edge = stop


@inner
def forward_individual(
    activations, fan_in, sources, nodes, first_row, edge, values, sums, weights, ones, num_lanes, fused
):
    """Like `forward_shared`, with ``weights [sum E, L]`` by connection; ``ones [1, L]`` leaves sums unscaled."""
    begin, end = nodes
    for k in range(begin, end):
        row = first_row + k - begin
        stop = edge + fan_in[k]
        weighted_sum(values, sources, weights, edge, stop, sums, num_lanes)
        activate(activations[k], sums, 0, values, row, ones, 0, num_lanes, fused)
        edge = stop
