"""Outputs of many networks for one observation each: a policy for simulators that step in lockstep."""

import numpy as np

from wann.kernels.jit import jit
from wann.kernels.lane_forward import FUSED, forward_individual, forward_shared
from wann.kernels.state_forward import move, needs, step_with_state


@jit
def wave_outputs(programs, weights, individual, network, weight, inputs, outputs):
    """Run lane l's network at its weight setting on its observation, in float32.

    Lanes are independent: the outputs of one do not depend on the others.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets) of P networks.
        weights: [1, W] float32 shared weights, or [sum E, W] by live connection.
        individual: True if ``weights`` is by connection.
        network: [L] int64 index of each lane's network.
        weight: [L] int64 index of each lane's weight setting.
        inputs: [L, I] float64.
        outputs: [L, O] float32, written.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    num_inputs, num_outputs = inputs.shape[1], outputs.shape[1]
    first_row = 1 + num_inputs
    largest_nodes, largest_edges = 0, 1
    for l in range(len(network)):
        p = network[l]
        largest_nodes = max(largest_nodes, node_offsets[p + 1] - node_offsets[p])
        largest_edges = max(largest_edges, edge_offsets[p + 1] - edge_offsets[p])
    values = np.empty((first_row + largest_nodes, 1), np.float32)
    sums = np.empty((1, 1), np.float32)
    scale = np.ones((1, 1), np.float32)
    by_edge = np.empty((largest_edges, 1), np.float32)
    values[0, 0] = 1
    for l in range(len(network)):
        p, w = network[l], weight[l]
        for i in range(num_inputs):
            values[1 + i, 0] = np.float32(inputs[l, i])
        nodes = (node_offsets[p], node_offsets[p + 1])
        first_edge = edge_offsets[p]
        if individual:
            num_edges = edge_offsets[p + 1] - first_edge
            for e in range(num_edges):
                by_edge[e, 0] = weights[first_edge + e, w]
            own_sources = sources[first_edge : first_edge + num_edges]
            forward_individual(
                activations, fan_in, own_sources, nodes, first_row, 0, values, sums, by_edge, scale, 1, FUSED
            )
        else:
            scale[0, 0] = weights[0, w]
            forward_shared(activations, fan_in, sources, nodes, first_row, first_edge, values, sums, scale, 1)
        first_output = first_row + nodes[1] - nodes[0] - num_outputs
        for o in range(num_outputs):
            outputs[l, o] = values[first_output + o, 0]


@jit
def wave_steps(programs, states, weights, individual, lanes, network, weight, inputs, state, outputs):
    """Like `wave_outputs`, for networks with state: one step of each lane's episode.

    Args:
        programs: as in `wave_outputs`.
        states: (copies, memory_offsets, plastic, plastic_offsets) of P networks.
        weights: as in `wave_outputs`.
        individual: as in `wave_outputs`.
        lanes: [n] int64 lanes that step.
        network: [n] int64 index of each lane's network.
        weight: [n] int64 index of each lane's weight setting.
        inputs: [n, I] float64.
        state: [L, >= S] float32 memory, strengths and totals of each lane, changed; 0 at the start of an episode.
        outputs: [n, O] float32, written.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    copies, memory_offsets, plastic, plastic_offsets = states
    num_inputs, num_outputs = inputs.shape[1], outputs.shape[1]
    _, most_rows, most_held, most_edges = needs(programs, states)
    values = np.empty((1 + num_inputs + most_rows, 1), np.float32)
    held, by_edge = np.empty((most_held, 1), np.float32), np.empty((most_edges, 1), np.float32)
    sums, scale = np.empty((1, 1), np.float32), np.ones((1, 1), np.float32)
    values[0, 0] = 1
    rows = np.arange(len(values))
    for i in range(len(lanes)):
        l, p, w = lanes[i], network[i], weight[i]
        own_plastic = plastic[plastic_offsets[p] : plastic_offsets[p + 1]]
        num_memory = memory_offsets[p + 1] - memory_offsets[p]
        for row in range(num_inputs):
            values[1 + row, 0] = np.float32(inputs[i, row])
        for row in range(num_memory):
            values[1 + num_inputs + row, 0] = state[l, row]
        num_held = min(most_held, state.shape[1] - num_memory)
        for row in range(num_held):
            held[row, 0] = state[l, num_memory + row]
        if individual:
            for e in range(edge_offsets[p + 1] - edge_offsets[p]):
                by_edge[e, 0] = weights[edge_offsets[p] + e, w]
        else:
            scale[0, 0] = weights[0, w]
        nodes, first_row = (node_offsets[p], node_offsets[p + 1]), 1 + num_inputs + num_memory
        step_with_state(
            activations, fan_in, nodes, rows, first_row, sources, edge_offsets[p], own_plastic, values, held, sums,
            by_edge, scale, individual, 1,
        )  # fmt: skip
        first_output = first_row + nodes[1] - nodes[0] - num_outputs
        for o in range(num_outputs):
            outputs[i, o] = values[first_output + o, 0]
        move(values, copies, memory_offsets[p], memory_offsets[p + 1], 1)
        for row in range(num_memory):
            state[l, row] = values[1 + num_inputs + row, 0]
        for row in range(num_held):
            state[l, num_memory + row] = held[row, 0]
