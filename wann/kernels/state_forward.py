"""One step of networks with state: delays, plastic connections, running totals and products (numba).

A buffer ``values [rows, L]`` is that of `wann.kernels.lane_forward`, with rows that persist from step to step: M memory
rows after the inputs, or the rings of `unrolled`. A buffer ``held [Q + A, L]`` has the strengths of plastic
connections, then the running totals of nodes. Both are 0 at the start of an episode. The arithmetic is that of
`wann.oracle.step_lanes`, in the same order.

A simulator either keeps both buffers for its lanes, or one row of ``state [lanes, S]`` for each, which `recall` loads
into the buffers before a step and `remember` stores after it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.activations import ACTIVATION_OF_CODE
from wann.kernels import maths
from wann.kernels.jit import inlined, inner, jit
from wann.kernels.lane_forward import FUSED, TILE, activate, sum_sources
from wann.kernels.maths import f32
from wann.plasticity import DECAY, LIMIT

# Numbers from row to row of values. With rows of 64, a write would delay reads of every sixteenth row after it, as
# processors compare only the lowest 12 bits of addresses; networks with memory have many rows.
STRIDE = TILE + 16
_TOTAL = tuple(code for code, entry in ACTIVATION_OF_CODE.items() if entry.gathers == "total")
_PRODUCT = tuple(code for code, entry in ACTIVATION_OF_CODE.items() if entry.gathers == "product")
_DECAY, _LIMIT = f32(DECAY), f32(LIMIT)


class Buffers(NamedTuple):
    """Work buffers of a step of one network in up to L lanes."""

    values: NDArray[np.float32]  # [1 + I + M + N, L] or more; the bias is set
    held: NDArray[np.float32]  # [Q + A, L] or more
    weights: NDArray[np.float32]  # [E, L] or more; [1, L] at shared weights
    scale: NDArray[np.float32]  # [1, L] the shared weights, or ones
    sums: NDArray[np.float32]  # [1, L]
    rows: NDArray[np.int64]  # [1 + I + M + N] or more: 0, 1, 2, ...

    @classmethod
    def of(
        cls,
        programs: tuple[NDArray, ...],
        states: tuple[NDArray, ...],
        num_inputs: int,
        num_lanes: int,
        individual: bool,
    ) -> Buffers:
        """Buffers for each of P networks; ``programs`` and ``states`` as `needs` takes them."""
        _, most_rows, most_held, most_edges = needs(programs, states)
        count, edges = 1 + num_inputs + most_rows, most_edges if individual else 1
        values, held, weights, scale, sums = (
            np.ones((size, num_lanes), np.float32) for size in (count, most_held, edges, 1, 1)
        )
        return cls(values, held, weights, scale, sums, np.arange(count))


def _gathered(gathers: str, scaled: bool):
    """A choice among the activations that gather their sources so: f(sums, or sums times scale) into ``values``."""

    @inlined
    def activate_gathered(found, sums, values, row, scale, num_lanes):
        pass

    for entry in ACTIVATION_OF_CODE.values():
        if entry.gathers == gathers:
            activate_gathered = _with_case(entry.code, inlined(entry.kernel(maths)), scaled, activate_gathered)
    return activate_gathered


def _with_case(code, function, scaled, otherwise):
    @inlined
    def activate_gathered(found, sums, values, row, scale, num_lanes):
        if found == code:
            for l in range(num_lanes):
                values[row, l] = function(sums[0, l] * scale[0, l] if scaled else sums[0, l], FUSED)
        else:
            otherwise(found, sums, values, row, scale, num_lanes)

    return activate_gathered


_activate_total, _activate_product = _gathered("total", True), _gathered("product", False)


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
def step_network(programs, states, p, num_inputs, buffers, individual, num_lanes):
    """One step of network p in the lanes of buffers, after `recall` and with inputs and weights set.

    Memory is moved, so that `remember` can store it. Returns the row after that of the last output.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    copies, memory_offsets, plastic, plastic_offsets = states
    nodes, own_plastic = (node_offsets[p], node_offsets[p + 1]), plastic[plastic_offsets[p] : plastic_offsets[p + 1]]
    first_row = 1 + num_inputs + memory_offsets[p + 1] - memory_offsets[p]
    step_with_state(
        activations, fan_in, nodes, buffers.rows, first_row, sources, edge_offsets[p], own_plastic, buffers.values,
        buffers.held, buffers.sums, buffers.weights, buffers.scale, individual, num_lanes,
    )  # fmt: skip
    move(buffers.values, copies, memory_offsets[p], memory_offsets[p + 1], num_lanes)
    return first_row + nodes[1] - nodes[0]


@inner
def recall(states, p, num_inputs, state, lane, buffers, l):
    """Load the row of a lane in ``state [lanes, >= S]``, that of an episode of network p, into lane l of buffers."""
    num_memory = states[1][p + 1] - states[1][p]
    for row in range(num_memory):
        buffers.values[1 + num_inputs + row, l] = state[lane, row]
    for row in range(min(len(buffers.held), state.shape[1] - num_memory)):
        buffers.held[row, l] = state[lane, num_memory + row]


@inner
def remember(states, p, num_inputs, state, lane, buffers, l):
    """Store what `recall` loads, after a step."""
    num_memory = states[1][p + 1] - states[1][p]
    for row in range(num_memory):
        state[lane, row] = buffers.values[1 + num_inputs + row, l]
    for row in range(min(len(buffers.held), state.shape[1] - num_memory)):
        state[lane, num_memory + row] = buffers.held[row, l]


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
        _activate_product(code, sums, values, row, scale, num_lanes)
        return
    _add(sources, begin, end, first_edge, plastic, q, values, held, sums, weights, individual, num_lanes)
    if code in _TOTAL:
        for l in range(num_lanes):
            kept = held[total, l] + sums[0, l]
            held[total, l] = kept
            sums[0, l] = kept
        _activate_total(code, sums, values, row, scale, num_lanes)
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
