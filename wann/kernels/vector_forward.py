"""A network on whole vectors of lanes; the same bits as `wann.kernels.lane_forward`, faster for few lanes (numba).

For each node in order: sum the rows of its sources from left to right, scale by the lane's weight, and apply the
activation.
"""

from wann.activations import ELEMENTWISE
from wann.kernels import maths
from wann.kernels.jit import elementwise_of, inlined, inner
from wann.kernels.maths import f32
from wann.kernels.vector_loops import on_vectors

# Product and sum are rounded separately, as everywhere in control tasks; see `wann.kernels.maths`.
FUSED = False


def _scaled(function):
    function = elementwise_of(function)

    @elementwise_of
    def of_sum(total, weight):
        return function(total * weight, FUSED)

    return on_vectors(of_sum, 1)


def _with_case(code, on_rows, otherwise):
    @inlined
    def activate(found, sums, at, weights, values, row, num_lanes):
        if found == code:
            on_rows(num_lanes, ((sums, at), (weights, 0)), ((values, row),))
        else:
            otherwise(found, sums, at, weights, values, row, num_lanes)

    return activate


def _dispatch():
    @inlined
    def activate(found, sums, at, weights, values, row, num_lanes):
        pass

    for entry in sorted(ELEMENTWISE.values(), key=lambda entry: entry.code, reverse=True):
        activate = _with_case(entry.code, _scaled(entry.kernel(maths)), activate)
    return activate


_activate = _dispatch()
_zero = on_vectors(elementwise_of(lambda: f32(0)), 1)
_two = on_vectors(elementwise_of(lambda a, b: a + b), 1)
_three = on_vectors(elementwise_of(lambda a, b, c: a + b + c), 1)
_four = on_vectors(elementwise_of(lambda a, b, c, d: a + b + c + d), 1)


@inlined
def _sum(values, sources, i, end, sums, num_lanes):
    """Sum rows ``sources[i:end]``, not just one, from left to right into ``sums[0]``, up to three more at a time."""
    count = end - i
    out = ((sums, 0),)
    if count >= 4:
        _four(
            num_lanes,
            ((values, sources[i]), (values, sources[i + 1]), (values, sources[i + 2]), (values, sources[i + 3])),
            out,
        )
        i += 4
    elif count == 3:
        _three(num_lanes, ((values, sources[i]), (values, sources[i + 1]), (values, sources[i + 2])), out)
        i += 3
    elif count == 2:
        _two(num_lanes, ((values, sources[i]), (values, sources[i + 1])), out)
        i += 2
    else:
        _zero(num_lanes, (), out)
    while i + 3 <= end:
        _four(num_lanes, ((sums, 0), (values, sources[i]), (values, sources[i + 1]), (values, sources[i + 2])), out)
        i += 3
    while i < end:
        _two(num_lanes, ((sums, 0), (values, sources[i])), out)
        i += 1


@inlined
def _gathered(values, sources, edge, stop, sums, num_lanes):
    """The array and row with the sum of rows ``sources[edge:stop]``. A sole source needs no copy: relays are many."""
    if stop == edge + 1:
        return values, sources[edge]
    _sum(values, sources, edge, stop, sums, num_lanes)
    return sums, 0


@inner
def forward_vectors(activations, fan_in, sources, nodes, first_row, edge, values, sums, weights, num_lanes):
    """`wann.kernels.lane_forward.forward_shared` for a multiple of `wann.kernels.vector_loops.WIDTH` lanes."""
    begin, end = nodes
    for k in range(begin, end):
        stop = edge + fan_in[k]
        gathered, at = _gathered(values, sources, edge, stop, sums, num_lanes)
        _activate(activations[k], gathered, at, weights, values, first_row + k - begin, num_lanes)
        edge = stop


@inner
def forward_vectors_by_row(activations, fan_in, nodes, rows, first, sources, edge, values, sums, weights, num_lanes):
    """`forward_vectors` with the rows of nodes in an array, as `wann.kernels.state_forward.unrolled` gives them."""
    begin, end = nodes
    for k in range(begin, end):
        stop = edge + fan_in[k]
        gathered, at = _gathered(values, sources, edge, stop, sums, num_lanes)
        _activate(activations[k], gathered, at, weights, values, rows[first + k - begin], num_lanes)
        edge = stop
