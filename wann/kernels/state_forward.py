"""One step of networks with state: delays, plastic connections, running totals and products (numba).

A buffer ``values [rows, L]`` as in `wann.kernels.lane_forward` has M memory rows after the inputs, which persist from
step to step, and ``held [Q + A, L]`` has the strengths of plastic connections, then the running totals of nodes. Both
are 0 at the start of an episode. The arithmetic is that of `wann.oracle.step_lanes`, in the same order.
"""

import numpy as np

from wann.activations import ACTIVATION_OF_CODE
from wann.kernels.jit import inner, jit
from wann.kernels.lane_forward import FUSED, activate, forward_individual, forward_shared, sum_sources
from wann.kernels.maths import f32
from wann.plasticity import DECAY, LIMIT

_TOTAL = tuple(code for code, entry in ACTIVATION_OF_CODE.items() if entry.gathers == "total")
_PRODUCT = tuple(code for code, entry in ACTIVATION_OF_CODE.items() if entry.gathers == "product")
_DECAY, _LIMIT = f32(DECAY), f32(LIMIT)


@jit
def needs(programs, states):
    """Whether each of P networks has plastic connections, totals or products [P]; and the rows that buffers need.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets).
        states: (copies, memory_offsets, plastic, plastic_offsets).

    Returns:
        [P] bool, and the largest numbers of memory rows and nodes together, of held rows, and of connections (or 1).
    """
    activations, _, _, node_offsets, edge_offsets = programs
    _, memory_offsets, _, plastic_offsets = states
    count = len(node_offsets) - 1
    special = np.zeros(count, np.bool_)
    most_rows, most_held, most_edges = 0, 1, 1
    for p in range(count):
        held = plastic_offsets[p + 1] - plastic_offsets[p]
        special[p] = held > 0
        for k in range(node_offsets[p], node_offsets[p + 1]):
            held += activations[k] in _TOTAL
            special[p] |= activations[k] in _TOTAL or activations[k] in _PRODUCT
        rows = memory_offsets[p + 1] - memory_offsets[p] + node_offsets[p + 1] - node_offsets[p]
        most_rows, most_held = max(most_rows, rows), max(most_held, held)
        most_edges = max(most_edges, edge_offsets[p + 1] - edge_offsets[p])
    return special, most_rows, most_held, most_edges


@inner
def step_with_state(
    activations, fan_in, sources, nodes, first_row, copies, plastic, special, values, held, sums, weights, scale,
    individual, num_lanes,
):  # fmt: skip
    """Compute all nodes of one network, then move values into memory and change strengths.

    Args:
        activations: [sum N] codes of all networks.
        fan_in: [sum N].
        sources: [E] rows of this network alone.
        nodes: (begin, end) of this network's nodes.
        first_row: row of its first computed node, 1 + I + M.
        copies: [M, 2] of this network.
        plastic: [Q] of this network.
        special: False if it has memory only; then the feed-forward kernels compute it.
        values: [rows, L]; the bias, the inputs and the memory rows are set.
        held: [>= Q + A, L] strengths and totals.
        sums: [1, L], a work buffer.
        weights: [E, L] by connection; not read at shared weights.
        scale: [1, L] the shared weights, or ones.
        individual: True if ``weights`` count.
        num_lanes: lanes to compute, at most L.
    """
    if special:
        _forward(
            activations, fan_in, sources, nodes, first_row, plastic, values, held, sums, weights, scale, individual,
            num_lanes,
        )  # fmt: skip
    elif individual:
        forward_individual(
            activations, fan_in, sources, nodes, first_row, 0, values, sums, weights, scale, num_lanes, FUSED
        )
    else:
        forward_shared(activations, fan_in, sources, nodes, first_row, 0, values, sums, scale, num_lanes)
    for m in range(len(copies)):
        row, source = copies[m, 0], copies[m, 1]
        for l in range(num_lanes):
            values[row, l] = values[source, l]


@inner
def _forward(
    activations, fan_in, sources, nodes, first_row, plastic, values, held, sums, weights, scale, individual, num_lanes
):
    begin, end = nodes
    edge, first, total = 0, 0, len(plastic)
    for k in range(begin, end):
        row, stop, last = first_row + k - begin, edge + fan_in[k], first
        while last < len(plastic) and plastic[last] < stop:
            last += 1
        if activations[k] in _PRODUCT:
            _multiply(sources, edge, stop, plastic, first, values, held, sums, weights, scale, individual, num_lanes)
        elif individual or last > first:
            _add(sources, edge, stop, plastic, first, values, held, sums, weights, individual, num_lanes)
        else:
            sum_sources(values, 0, sources, edge, stop, sums, num_lanes, True)
        if activations[k] in _PRODUCT:
            for l in range(num_lanes):
                values[row, l] = sums[0, l]
        elif activations[k] in _TOTAL:
            for l in range(num_lanes):
                kept = held[total, l] + sums[0, l]
                held[total, l] = kept
                values[row, l] = kept * scale[0, l]
            total += 1
        else:
            activate(activations[k], sums, 0, values, row, scale, 0, num_lanes, FUSED)
        for q in range(first, last):
            _learn(values, sources[plastic[q]], row, held, q, num_lanes)
        edge, first = stop, last


@inner
def _add(sources, begin, end, plastic, q, values, held, sums, weights, individual, num_lanes):
    """The sum of a node's sources, each times its strength if it is plastic, and times its individual weight."""
    for l in range(num_lanes):
        sums[0, l] = f32(0)
    for i in range(begin, end):
        a = sources[i]
        if q < len(plastic) and plastic[q] == i:
            if individual:
                for l in range(num_lanes):
                    sums[0, l] += weights[i, l] * (held[q, l] * values[a, l])
            else:
                for l in range(num_lanes):
                    sums[0, l] += held[q, l] * values[a, l]
            q += 1
        elif individual:
            for l in range(num_lanes):
                sums[0, l] += weights[i, l] * values[a, l]
        else:
            for l in range(num_lanes):
                sums[0, l] += values[a, l]


@inner
def _multiply(sources, begin, end, plastic, q, values, held, sums, weights, scale, individual, num_lanes):
    """The product of a node's weighted sources, plastic ones times their strength; 0 of none."""
    start = f32(1) if end > begin else f32(0)
    for l in range(num_lanes):
        sums[0, l] = start
    for i in range(begin, end):
        a = sources[i]
        if q < len(plastic) and plastic[q] == i:
            for l in range(num_lanes):
                sums[0, l] *= held[q, l]
            q += 1
        if individual:
            for l in range(num_lanes):
                sums[0, l] *= weights[i, l] * values[a, l]
        else:
            for l in range(num_lanes):
                sums[0, l] *= scale[0, l] * values[a, l]


@inner
def _learn(values, source, target, held, q, num_lanes):
    """Change a strength by the values at the two ends of its connection. NaN stays NaN."""
    for l in range(num_lanes):
        strength = _DECAY * held[q, l] + values[source, l] * values[target, l]
        strength = _LIMIT if strength > _LIMIT else strength
        held[q, l] = -_LIMIT if strength < -_LIMIT else strength
