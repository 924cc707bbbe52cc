"""Compilation of packed genomes into programs: pruning, topological order and structural hash (numba)."""

import numpy as np

from wann.kernels.jit import jit, part

u64 = np.uint64


@part
def mix(h):
    """The finaliser of splitmix64: a bijection of 64 bits that scatters neighbours."""
    h = (h ^ (h >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> u64(27))) * u64(0x94D049BB133111EB)
    return h ^ (h >> u64(31))


@jit
def by_target(targets, used, num_nodes):
    """CSR of the used genes grouped by target (or by source): offsets [N+1] and gene indices, in gene order."""
    offsets = np.zeros(num_nodes + 1, np.int64)
    for c in range(len(targets)):
        if used[c]:
            offsets[targets[c] + 1] += 1
    for n in range(num_nodes):
        offsets[n + 1] += offsets[n]
    genes = np.empty(offsets[num_nodes], np.int64)
    cursor = offsets[:-1].copy()
    for c in range(len(targets)):
        if used[c]:
            genes[cursor[targets[c]]] = c
            cursor[targets[c]] += 1
    return offsets, genes


@part
def mark_live(sources, offsets, genes, first_output, num_fixed, num_nodes):
    """[N] bool: the outputs and every node that an output depends on."""
    live = np.zeros(num_nodes, np.bool_)
    stack = np.empty(num_nodes, np.int64)
    size = 0
    for n in range(first_output, num_fixed):
        live[n] = True
        stack[size] = n
        size += 1
    while size:
        size -= 1
        n = stack[size]
        for i in range(offsets[n], offsets[n + 1]):
            source = sources[genes[i]]
            if not live[source]:
                live[source] = True
                stack[size] = source
                size += 1
    return live


@jit
def topological(sources, offsets, genes, num_nodes):
    """All nodes [N] in topological order, sources first, by depth-first search over sources."""
    order = np.empty(num_nodes, np.int64)
    cursor = offsets[:-1].copy()
    seen = np.zeros(num_nodes, np.bool_)
    stack = np.empty(num_nodes, np.int64)
    placed = 0
    for root in range(num_nodes):
        if seen[root]:
            continue
        seen[root] = True
        stack[0] = root
        size = 1
        while size:
            n = stack[size - 1]
            if cursor[n] == offsets[n + 1]:
                order[placed] = n
                placed += 1
                size -= 1
            else:
                source = sources[genes[cursor[n]]]
                cursor[n] += 1
                if not seen[source]:
                    seen[source] = True
                    stack[size] = source
                    size += 1
    return order


@part
def describe(activations, sources, offsets, genes, order, first_output):
    """Depth (longest path from an input) and structural hash of each node [N].

    A node's hash covers its activation and the multiset of its sources' hashes: equal hashes mean
    equal expressions, whatever the node's index or history.
    """
    num_nodes = len(activations)
    depth = np.zeros(num_nodes, np.int64)
    hashes = np.zeros(num_nodes, np.uint64)
    for position in range(num_nodes):
        n = order[position]
        if n < first_output:
            hashes[n] = mix(u64(n) + u64(0x9E3779B97F4A7C15))
            continue
        deepest = 0
        total = u64(offsets[n + 1] - offsets[n])
        for i in range(offsets[n], offsets[n + 1]):
            source = sources[genes[i]]
            deepest = max(deepest, depth[source])
            total += mix(hashes[source] + u64(0xD1B54A32D192ED03))
        depth[n] = deepest + 1
        hashes[n] = mix(total * u64(0x2545F4914F6CDD1D) + u64(activations[n]))
    return depth, hashes


@part
def take(values, places):
    """``values[places]``. Like other loops here, it compiles in a tenth of the time of NumPy's notation."""
    taken = np.empty(len(places), values.dtype)
    for i in range(len(places)):
        taken[i] = values[places[i]]
    return taken


@part
def ascending(values):
    """Places of values in ascending order; equal values keep theirs. A merge sort from the shortest runs up."""
    order, other = np.arange(len(values)), np.empty(len(values), np.int64)
    length = 1
    while length < len(values):
        for begin in range(0, len(values), 2 * length):
            middle, end = min(begin + length, len(values)), min(begin + 2 * length, len(values))
            i, j = begin, middle
            for k in range(begin, end):
                if j == end or (i < middle and values[order[i]] <= values[order[j]]):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        length *= 2
    return order


@part
def canonical_rows(depth, hashes, live, num_fixed, num_nodes):
    """Live hidden nodes by (depth, hash, index). Isomorphic genomes get the same order, up to nodes of equal value."""
    hidden = np.empty(num_nodes - num_fixed, np.int64)
    count, deepest = 0, 0
    for n in range(num_fixed, num_nodes):
        if live[n]:
            hidden[count] = n
            count += 1
            deepest = max(deepest, depth[n])
    hidden = hidden[:count]
    by_hash = take(hidden, ascending(take(hashes, hidden)))
    begins = np.zeros(deepest + 2, np.int64)
    for n in hidden:
        begins[depth[n] + 1] += 1
    for d in range(deepest + 1):
        begins[d + 1] += begins[d]
    for n in by_hash:
        hidden[begins[depth[n]]] = n
        begins[depth[n]] += 1
    return hidden


@part
def slots(enabled):
    """The place of each gene among the enabled ones [C]."""
    places = np.empty(len(enabled), np.int64)
    place = -1
    for c in range(len(enabled)):
        place += enabled[c]
        places[c] = place
    return places


@part
def compile_one(num_inputs, num_outputs, activations, sources, targets, enabled, used, out, node, edge):
    """Append one genome's program at (``node``, ``edge``) of ``out``; return the new ends and its hash.

    ``used [C]`` are the enabled genes to compile, none of them delayed or plastic.
    """
    out_activations, out_fan_in, out_sources, out_connections = out
    num_nodes = len(activations)
    first_output = 1 + num_inputs
    num_fixed = first_output + num_outputs
    offsets, genes = by_target(targets, used, num_nodes)
    live = mark_live(sources, offsets, genes, first_output, num_fixed, num_nodes)
    order = topological(sources, offsets, genes, num_nodes)
    depth, hashes = describe(activations, sources, offsets, genes, order, first_output)
    hidden = canonical_rows(depth, hashes, live, num_fixed, num_nodes)

    slot_of = slots(enabled)
    total = u64(num_inputs) * u64(0x9E3779B97F4A7C15) + u64(num_outputs)
    cursor = np.zeros(num_nodes, np.int64)  # position of the next source of each node
    for k in range(len(hidden) + num_outputs):
        n = hidden[k] if k < len(hidden) else first_output + k - len(hidden)
        cursor[n] = edge
        out_activations[node] = activations[n]
        out_fan_in[node] = offsets[n + 1] - offsets[n]
        node += 1
        edge += offsets[n + 1] - offsets[n]
        if n < num_fixed:
            total = mix(total + hashes[n])
    # Row by row, so that each node's sources are in the order of their rows, which makes summation canonical.
    leaving, outgoing = by_target(sources, used, num_nodes)
    for row in range(first_output + len(hidden)):
        n = row if row < first_output else hidden[row - first_output]
        for i in range(leaving[n], leaving[n + 1]):
            gene = outgoing[i]
            target = targets[gene]
            if live[target]:
                out_sources[cursor[target]] = row
                out_connections[cursor[target]] = slot_of[gene]
                cursor[target] += 1
    return node, edge, total
