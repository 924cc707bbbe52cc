"""One step of networks with state: delays, plastic connections, running totals and products (numba).

A buffer ``values [rows, L]`` is that of `wann.kernels.lane_forward`, with rows that persist from step to step: M memory
rows after the inputs, or the rings of `unrolled`. A buffer ``held [Q + A, L]`` has the strengths of plastic
connections, then the running totals of nodes. Both are 0 at the start of an episode. The arithmetic is that of
`wann.oracle.step_lanes`, in the same order.
"""

import numpy as np

from wann.activations import ACTIVATION_OF_CODE
from wann.kernels.jit import inner, jit
from wann.kernels.lane_forward import FUSED, TILE, activate, sum_sources
from wann.kernels.maths import f32
from wann.plasticity import DECAY, LIMIT

# Numbers from row to row of values. With rows of 64, a write would delay reads of every sixteenth row after it, as
# processors compare only the lowest 12 bits of addresses; networks with memory have many rows.
STRIDE = TILE + 16
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
    activations, fan_in, nodes, rows, first, sources, edge, plastic, values, held, sums, weights, scale, individual,
    num_lanes,
):  # fmt: skip
    """Compute all nodes of one network, and change its strengths.

    Args:
        activations: [sum N] codes of all networks.
        fan_in: [sum N].
        nodes: (begin, end) of this network's nodes.
        rows: rows of the nodes' values, of this network's from ``first`` on.
        first: place of the first node in ``rows``.
        sources: rows of sources, of this network's from ``edge`` on.
        edge: place of its first source.
        plastic: [Q] of this network.
        values: [rows, L]; the bias, the inputs and all rows of earlier steps are set.
        held: [>= Q + A, L] strengths and totals.
        sums: [1, L], a work buffer.
        weights: [E, L] by connection; not read at shared weights.
        scale: [1, L] the shared weights, or ones.
        individual: True if ``weights`` count.
        num_lanes: lanes to compute, at most L.
    """
    begin, end = nodes
    first_edge, q, total, k = edge, 0, len(plastic), begin
    while k < end:
        # Nodes up to the next special one, all at once.
        stop, plain = edge, k
        next_plastic = first_edge + plastic[q] if q < len(plastic) else len(sources)
        while not individual and plain < end and stop + fan_in[plain] <= next_plastic:
            if activations[plain] in _PRODUCT or activations[plain] in _TOTAL:
                break
            stop += fan_in[plain]
            plain += 1
        if plain > k:
            part = (k, plain)
            forward_rows(
                activations, fan_in, part, rows, first + k - begin, sources, edge, values, sums, scale, num_lanes
            )
            edge, k = stop, plain
            continue
        stop, last, row = edge + fan_in[k], q, rows[first + k - begin]
        while last < len(plastic) and plastic[last] < stop - first_edge:
            last += 1
        _special_node(
            activations[k], sources, edge, stop, first_edge, plastic, q, total, row, values, held, sums, weights, scale,
            individual, num_lanes,
        )  # fmt: skip
        total += activations[k] in _TOTAL
        for strength in range(q, last):
            _learn(values, sources[first_edge + plastic[strength]], row, held, strength, num_lanes)
        edge, q, k = stop, last, k + 1


@inner
def _special_node(
    code, sources, begin, end, first_edge, plastic, q, total, row, values, held, sums, weights, scale, individual,
    num_lanes,
):  # fmt: skip
    """Compute a node with plastic connections or individual weights, or one that accumulates or multiplies."""
    if code in _PRODUCT:
        _multiply(
            sources, begin, end, first_edge, plastic, q, values, held, sums, weights, scale, individual, num_lanes
        )
        for l in range(num_lanes):
            values[row, l] = sums[0, l]
        return
    _add(sources, begin, end, first_edge, plastic, q, values, held, sums, weights, individual, num_lanes)
    if code in _TOTAL:
        for l in range(num_lanes):
            kept = held[total, l] + sums[0, l]
            held[total, l] = kept
            values[row, l] = kept * scale[0, l]
    else:
        activate(code, sums, 0, values, row, scale, 0, num_lanes, FUSED)


@inner
def forward_rows(activations, fan_in, nodes, rows, first, sources, edge, values, sums, scale, num_lanes):
    """Like `step_with_state`, for networks with memory only at shared weights.

    It is `wann.kernels.lane_forward.forward_shared` with the rows of nodes in an array: a function of its own, because
    each array passed on costs a call seven words. `wann.kernels.vector_forward.forward_vectors_by_row` is faster for
    whole vectors of lanes.
    """
    begin, end = nodes
    for k in range(begin, end):
        stop = edge + fan_in[k]
        sum_sources(values, 0, sources, edge, stop, sums, num_lanes, True)
        activate(activations[k], sums, 0, values, rows[first + k - begin], scale, 0, num_lanes, FUSED)
        edge = stop


@inner
def move(values, copies, begin, end, num_lanes):
    """Copy rows in the order of ``copies[begin:end]``, pairs of a row and its source."""
    for m in range(begin, end):
        row, source = copies[m, 0], copies[m, 1]
        for l in range(num_lanes):
            values[row, l] = values[source, l]


@jit
def unrolled(sources, copies, num_inputs, num_nodes):
    """A program whose values stay where they are, in place of one that moves them into memory after each step.

    A delayed source has a ring of D + 1 rows, D the deepest delay, and is written to the next of them in each step. So
    the program's rows differ between D + 1 phases. Only inputs have to be copied, as their rows are given.

    Args:
        sources: [E] rows of one network.
        copies: [M, 2] of it.
        num_inputs: I.
        num_nodes: N.

    Returns:
        rows [phases * N] of nodes, sources [phases * E], copies [phases * X, 2] of inputs to be made before the nodes
        are computed, the number of phases, and the number of rows in all. The rows of rings begin at 1 + I.
    """
    first_memory, first_row = 1 + num_inputs, 1 + num_inputs + len(copies)
    origin, delay = np.arange(first_row + num_nodes), np.zeros(first_row + num_nodes, np.int64)
    for m in range(len(copies) - 1, -1, -1):  # from the youngest
        row, source = copies[m]
        origin[row], delay[row] = origin[source], delay[source] + 1
    phases = delay.max() + 1
    ring = np.full(first_row + num_nodes, -1)
    count, num_copies = first_memory, 0
    for row in range(first_memory, first_row):
        if ring[origin[row]] < 0:
            ring[origin[row]] = count
            count += phases
            num_copies += origin[row] < first_memory
    fixed = count
    new_rows, new_sources = np.empty(phases * num_nodes, np.int64), np.empty(phases * len(sources), np.int32)
    new_copies = np.empty((phases * num_copies, 2), np.int64)
    for phase in range(phases):
        for k in range(num_nodes):
            start = ring[first_row + k]
            new_rows[phase * num_nodes + k] = start + phase if start >= 0 else fixed + k
        for i in range(len(sources)):
            row = sources[i]
            start = ring[origin[row]]
            if row < first_memory:
                new_sources[phase * len(sources) + i] = row
            elif start >= 0:
                new_sources[phase * len(sources) + i] = start + (phase - delay[row]) % phases
            else:
                new_sources[phase * len(sources) + i] = fixed + row - first_row
        place = phase * num_copies
        for row in range(1, first_memory):
            if ring[row] >= 0:
                new_copies[place, 0], new_copies[place, 1] = ring[row] + phase, row
                place += 1
    return new_rows, new_sources, new_copies, phases, fixed + num_nodes


@inner
def _add(sources, begin, end, first_edge, plastic, q, values, held, sums, weights, individual, num_lanes):
    """The sum of a node's sources, each times its strength if it is plastic, and times its individual weight."""
    for l in range(num_lanes):
        sums[0, l] = f32(0)
    for i in range(begin, end):
        a = sources[i]
        if q < len(plastic) and plastic[q] == i - first_edge:
            if individual:
                for l in range(num_lanes):
                    sums[0, l] += weights[i - first_edge, l] * (held[q, l] * values[a, l])
            else:
                for l in range(num_lanes):
                    sums[0, l] += held[q, l] * values[a, l]
            q += 1
        elif individual:
            for l in range(num_lanes):
                sums[0, l] += weights[i - first_edge, l] * values[a, l]
        else:
            for l in range(num_lanes):
                sums[0, l] += values[a, l]


@inner
def _multiply(sources, begin, end, first_edge, plastic, q, values, held, sums, weights, scale, individual, num_lanes):
    """The product of a node's weighted sources, plastic ones times their strength; 0 of none."""
    start = f32(1) if end > begin else f32(0)
    for l in range(num_lanes):
        sums[0, l] = start
    for i in range(begin, end):
        a = sources[i]
        if q < len(plastic) and plastic[q] == i - first_edge:
            for l in range(num_lanes):
                sums[0, l] *= held[q, l]
            q += 1
        if individual:
            for l in range(num_lanes):
                sums[0, l] *= weights[i - first_edge, l] * values[a, l]
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
