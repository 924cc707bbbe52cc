"""Compilation of one genome with delays or plastic connections: memory rows, their copies, and the hash (numba).

Rows are the bias, the inputs, M memory rows, then the nodes. A memory row holds the value of one source some steps ago.
Rows are in the order of (delay, source), so that the order of summation is canonical. After a step each row takes the
value of the same source one step younger; the deepest delay comes first, so that nothing is overwritten too early.
"""

import numpy as np

from wann.kernels.compilation import (
    ascending,
    by_target,
    canonical_rows,
    compile_one,
    mark_live,
    mix,
    slots,
    take,
    topological,
)
from wann.kernels.jit import part

u64 = np.uint64
_MEMORY, _PLASTIC, _COMPUTED = u64(0x8CB92BA72F3D8DD7), u64(0xE7037ED1A0B428DB), u64(0x589965CC75374CC3)
_HIDDEN = u64(0xA0761D6478BD642F)


@part
def is_recurrent(enabled, delays, plastic):
    """True if an enabled gene has a delay or is plastic."""
    found = False
    for c in range(len(enabled)):
        found |= enabled[c] and (delays[c] != 0 or plastic[c])
    return found


@part
def compile_recurrent(num_inputs, num_outputs, genome, out, node, edge, memory, strength):
    """Like `wann.kernels.compilation.compile_one`, for genomes that may have delays and plastic connections.

    Args:
        num_inputs: I.
        num_outputs: O.
        genome: (activations, sources, targets, enabled, delays, plastic).
        out: the arrays of `compile_one`, then copies [.., 2] and places of plastic connections, written.
        node: first free place of a node in ``out``.
        edge: the same of a connection.
        memory: the same of a copy.
        strength: the same of a plastic connection.

    Returns:
        The four new ends, and the hash.
    """
    activations, sources, targets, enabled, delays, plastic = genome
    num_nodes, first_output = len(activations), 1 + num_inputs
    num_fixed = first_output + num_outputs
    offsets, genes = by_target(targets, enabled, num_nodes)
    live = mark_live(sources, offsets, genes, first_output, num_fixed, num_nodes)
    used = np.empty(len(enabled), np.bool_)
    for c in range(len(enabled)):
        used[c] = enabled[c] and live[targets[c]]
    if not is_recurrent(used, delays, plastic):
        arrays = (out[0], out[1], out[2], out[3])
        node, edge, total = compile_one(
            num_inputs, num_outputs, activations, sources, targets, enabled, used, arrays, node, edge
        )
        return node, edge, memory, strength, total
    depth, hashes = _refined(num_inputs, genome, used, live)
    hidden = canonical_rows(depth, hashes, live, num_fixed, num_nodes)
    holds, num_memory = _memory_rows(genome, used, hidden, first_output, num_fixed)
    row_of = np.zeros(num_nodes, np.int64)
    for row in range(num_fixed + len(hidden)):
        row_of[_node_at(row, hidden, first_output)] = row if row < first_output else row + num_memory
    for m in range(num_memory):  # the deepest first
        source, delay = holds[num_memory - 1 - m, 0], holds[num_memory - 1 - m, 1]
        younger = row_of[source]
        for other in range(num_memory):
            if delay > 1 and holds[other, 0] == source and holds[other, 1] == delay - 1:
                younger = first_output + other
        out[4][memory + m, 0] = first_output + num_memory - 1 - m
        out[4][memory + m, 1] = younger
    ends = _emit(genome, used, hidden, holds[:num_memory], (first_output, num_fixed), out, node, edge, strength)
    return ends[0], ends[1], memory + num_memory, ends[2], _hash(num_inputs, num_outputs, hashes, hidden)


@part
def _node_at(row, hidden, first_output):
    """The node of a row, in a program without memory: the bias, the inputs, the hidden nodes, the outputs."""
    if row < first_output:
        return row
    return hidden[row - first_output] if row < first_output + len(hidden) else row - len(hidden)


@part
def _different(values):
    """The values without repetition, in ascending order."""
    found, count = np.empty(len(values), values.dtype), 0
    for i in ascending(values):
        if count == 0 or values[i] != found[count - 1]:
            found[count] = values[i]
            count += 1
    return found[:count]


@part
def _refined(num_inputs, genome, used, live):
    """Depth over genes without a delay, and the structural hash of each node [N].

    A delayed source counts by its hash of the round before; in the first round all computed nodes are alike there. A
    round splits classes of nodes with equal hashes, until one splits none.
    """
    activations, sources, targets, _, delays, plastic = genome
    num_nodes, first_output = len(activations), 1 + num_inputs
    offsets, genes = by_target(targets, used, num_nodes)
    at_once = used.copy()
    for c in range(len(used)):
        at_once[c] &= delays[c] == 0
    now, now_genes = by_target(targets, at_once, num_nodes)
    order = topological(sources, now, now_genes, num_nodes)
    hashes = np.full(num_nodes, _COMPUTED, np.uint64)
    depth = np.zeros(num_nodes, np.int64)
    for n in range(first_output):
        hashes[n] = mix(u64(n) + u64(0x9E3779B97F4A7C15))
    computed, num_computed = np.empty(num_nodes, np.int64), 0
    for n in range(first_output, num_nodes):
        if live[n]:
            computed[num_computed] = n
            num_computed += 1
    classes = 1
    while True:
        before = hashes.copy()
        for position in range(num_nodes):
            n = order[position]
            if n < first_output:
                continue
            deepest = 0
            total = u64(offsets[n + 1] - offsets[n])
            for i in range(offsets[n], offsets[n + 1]):
                gene = genes[i]
                source = sources[gene]
                if delays[gene]:
                    colour = mix(before[source] + _MEMORY * u64(delays[gene]))
                else:
                    colour = hashes[source]
                    deepest = max(deepest, depth[source])
                if plastic[gene]:
                    colour = mix(colour + _PLASTIC)
                total += mix(colour + u64(0xD1B54A32D192ED03))
            depth[n] = deepest + 1
            hashes[n] = mix(total * u64(0x2545F4914F6CDD1D) + u64(activations[n]))
        found = len(_different(take(hashes, computed[:num_computed])))
        if found == classes:
            return depth, hashes
        classes = found


@part
def _memory_rows(genome, used, hidden, first_output, num_fixed):
    """(source, delay) of each memory row, [.., 2] in the order of rows, and their number."""
    _, sources, _, _, delays, _ = genome
    deepest = np.zeros(len(genome[0]), np.int64)
    for c in range(len(sources)):
        if used[c]:
            deepest[sources[c]] = max(deepest[sources[c]], delays[c])
    total, largest = 0, 0
    for n in range(len(deepest)):
        total += int(deepest[n])
        largest = max(largest, int(deepest[n]))
    holds, count = np.empty((total, 2), np.int64), 0
    for delay in range(1, largest + 1):
        for row in range(1, num_fixed + len(hidden)):
            source = _node_at(row, hidden, first_output)
            if deepest[source] >= delay:
                holds[count, 0], holds[count, 1] = source, delay
                count += 1
    return holds, count


@part
def _emit(genome, used, hidden, holds, fixed, out, node, edge, strength):
    """Write nodes and connections, with each node's sources in the order of their rows; return the new ends."""
    activations, sources, targets, enabled, delays, plastic = genome
    first_output, num_fixed = fixed
    num_nodes, num_memory = len(activations), len(holds)
    offsets, _ = by_target(targets, used, num_nodes)
    slot_of = slots(enabled)
    cursor = np.zeros(num_nodes, np.int64)
    first_edge = edge
    for row in range(first_output, num_fixed + len(hidden)):
        n = _node_at(row, hidden, first_output)
        cursor[n] = edge
        out[0][node], out[1][node] = activations[n], offsets[n + 1] - offsets[n]
        node += 1
        edge += offsets[n + 1] - offsets[n]
    is_plastic = np.zeros(edge - first_edge, np.bool_)
    leaving, outgoing = by_target(sources, used, num_nodes)
    for row in range(first_output + num_memory + len(hidden)):
        n, delay = row, 0
        if row >= first_output + num_memory:
            n = hidden[row - first_output - num_memory]
        elif row >= first_output:
            n, delay = holds[row - first_output, 0], holds[row - first_output, 1]
        for i in range(leaving[n], leaving[n + 1]):
            gene = outgoing[i]
            if delays[gene] == delay:
                place = cursor[targets[gene]]
                out[2][place], out[3][place] = row, slot_of[gene]
                is_plastic[place - first_edge] = plastic[gene]
                cursor[targets[gene]] += 1
    for place in range(len(is_plastic)):
        if is_plastic[place]:
            out[5][strength] = place
            strength += 1
    return node, edge, strength


@part
def _hash(num_inputs, num_outputs, hashes, hidden):
    """The hash of a program: of its outputs in order, and of the set of its hidden nodes.

    Outputs alone would not do: a round of `_refined` reaches one delayed connection further back.
    """
    total = u64(num_inputs) * u64(0x9E3779B97F4A7C15) + u64(num_outputs)
    for n in range(1 + num_inputs, 1 + num_inputs + num_outputs):
        total = mix(total + hashes[n])
    for h in _different(take(hashes, hidden)):
        total = mix(total + h + _HIDDEN)
    return total
