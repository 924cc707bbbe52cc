"""Merging of nodes that several networks have in common, and the slots of node values (numba).

Most networks of a population are siblings: three in a hundred of their nodes differ. Two nodes are the same if they
have the same activation and the same sources in the same order. Their values then have the same bits in every network.

A program of many networks is (activations, fan_in, sources, node_offsets, connection_offsets, outputs): the P networks
follow each other, each with the nodes that no earlier one has, in topological order. Sources and outputs [P, O] are row
numbers: 1 + I rows of inputs, then nodes, counted through all networks.
"""

import numpy as np

from wann.kernels.compilation import mix
from wann.kernels.jit import jit, part

u64 = np.uint64


@jit
def merged(programs, num_rows, num_outputs):
    """One program of P networks without duplicate nodes.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets) of each network by itself.
        num_rows: 1 + I.
        num_outputs: O.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    num_networks, num_nodes = len(node_offsets) - 1, len(activations)
    size = 16
    while size < 2 * num_nodes:
        size *= 2
    table = np.full(size, -1, np.int32)  # node by hash; on a collision, in the next free place
    largest = 0
    for p in range(num_networks):
        largest = max(largest, node_offsets[p + 1] - node_offsets[p])
    row_of = np.arange(num_rows + largest).astype(np.int32)  # row in this network -> in all
    new_activations, new_fan_in = np.empty(num_nodes, np.int8), np.empty(num_nodes, np.int32)
    new_sources, begins = np.empty(len(sources), np.int32), np.empty(num_nodes, np.int64)
    node_ends, edge_ends = np.zeros(num_networks + 1, np.int64), np.zeros(num_networks + 1, np.int64)
    outputs = np.empty((num_networks, num_outputs), np.int32)
    count, end = 0, 0
    for p in range(num_networks):
        edge = edge_offsets[p]
        first = node_offsets[p]
        own_nodes = node_offsets[p + 1] - first
        for k in range(own_nodes):
            code, fan = activations[first + k], fan_in[first + k]
            key = u64(code)
            for i in range(fan):  # written to their final place, in case the node is new
                row = row_of[sources[edge + i]]
                new_sources[end + i] = row
                key = mix(key + u64(row) + u64(1))
            place = np.int64(key & u64(size - 1))
            while table[place] >= 0:
                known = table[place]
                if new_activations[known] == code and new_fan_in[known] == fan:
                    begin, i = begins[known], 0
                    while i < fan and new_sources[begin + i] == new_sources[end + i]:
                        i += 1
                    if i == fan:
                        break
                place = (place + 1) & (size - 1)
            if table[place] < 0:
                table[place] = count
                new_activations[count], new_fan_in[count], begins[count] = code, fan, end
                count += 1
                end += fan
            row_of[num_rows + k] = num_rows + table[place]
            edge += fan
        for o in range(num_outputs):
            outputs[p, o] = row_of[num_rows + own_nodes - num_outputs + o]
        node_ends[p + 1], edge_ends[p + 1] = count, end
    nodes = new_activations[:count].copy(), new_fan_in[:count].copy(), new_sources[:end].copy()
    return (*nodes, node_ends, edge_ends, outputs)


@jit
def apart(programs, num_rows, num_outputs):
    """Like `merged`, without sharing nodes, for networks with individual weights."""
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    new_sources = sources.copy()
    outputs = np.empty((len(node_offsets) - 1, num_outputs), np.int32)
    for p in range(len(outputs)):
        for i in range(edge_offsets[p], edge_offsets[p + 1]):
            if sources[i] >= num_rows:
                new_sources[i] += node_offsets[p]
        for o in range(num_outputs):
            outputs[p, o] = num_rows + node_offsets[p + 1] - num_outputs + o
    return activations, fan_in, new_sources, node_offsets, edge_offsets, outputs


@jit
def assign_slots(program, num_rows):
    """Assign a slot to each node's values. A node reuses the slot of a node that is not read any more.

    Values then stay in the processor's cache, because those of one network alone are overwritten at once.

    Args:
        program: of P networks, see this module. A network's outputs are read when all its nodes have values.
        num_rows: 1 + I.

    Returns:
        The program with slots for nodes: (activations, fan_in, slot_sources, node_offsets, connection_offsets,
        output_slots [P, O], slots [U]); and the number of slots.
    """
    activations, fan_in, sources, node_offsets, edge_offsets, outputs = program
    last_use, edge = _last_uses(program, num_rows), 0
    slots, slot_sources = np.empty(len(fan_in), np.int32), np.empty(len(sources), np.int32)
    output_slots = np.empty(outputs.shape, np.int32)
    free, num_free, used = np.empty(len(fan_in), np.int32), 0, 0
    for p in range(len(outputs)):
        for k in range(node_offsets[p], node_offsets[p + 1]):
            if num_free:
                num_free -= 1
                slots[k] = free[num_free]
            else:
                slots[k] = used
                used += 1
            for i in range(edge, edge + fan_in[k]):
                node = sources[i] - num_rows
                slot_sources[i] = num_rows + slots[node] if node >= 0 else sources[i]
                if node >= 0 and last_use[node] == k + p:
                    last_use[node] = -1  # two sources may have become the same node
                    free[num_free] = slots[node]
                    num_free += 1
            edge += fan_in[k]
        for o in range(outputs.shape[1]):
            node = outputs[p, o] - num_rows
            output_slots[p, o] = slots[node]
            if last_use[node] == node_offsets[p + 1] + p:
                last_use[node] = -1
                free[num_free] = slots[node]
                num_free += 1
    return (activations, fan_in, slot_sources, node_offsets, edge_offsets, output_slots, slots), used


@part
def _last_uses(program, num_rows):
    """Time of each node's last use, [U]. Every node, and the outputs of every network, take one unit of time."""
    _, fan_in, sources, node_offsets, _, outputs = program
    last_use, edge = np.full(len(fan_in), -1, np.int64), 0
    for p in range(len(outputs)):
        for k in range(node_offsets[p], node_offsets[p + 1]):
            for i in range(edge, edge + fan_in[k]):
                if sources[i] >= num_rows:
                    last_use[sources[i] - num_rows] = k + p
            edge += fan_in[k]
        for o in range(outputs.shape[1]):
            last_use[outputs[p, o] - num_rows] = node_offsets[p + 1] + p
    return last_use
