"""Outputs of many networks for one observation each: a policy for simulators that step in lockstep."""

import numpy as np

from wann.kernels.jit import jit
from wann.kernels.lane_forward import FUSED, forward_individual, forward_shared
from wann.kernels.state_forward import recall, remember, step_network


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
def wave_steps(programs, states, weights, individual, lanes, network, weight, inputs, state, buffers, outputs):
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
        buffers: of one lane; see `wann.kernels.state_forward.Buffers`.
        outputs: [n, O] float32, written.
    """
    edge_offsets, num_inputs, num_outputs = programs[4], inputs.shape[1], outputs.shape[1]
    for i in range(len(lanes)):
        p, w = network[i], weight[i]
        for row in range(num_inputs):
            buffers.values[1 + row, 0] = np.float32(inputs[i, row])
        if individual:
            for e in range(edge_offsets[p + 1] - edge_offsets[p]):
                buffers.weights[e, 0] = weights[edge_offsets[p] + e, w]
        else:
            buffers.scale[0, 0] = weights[0, w]
        recall(states, p, num_inputs, state, lanes[i], buffers, 0)
        end = step_network(programs, states, p, num_inputs, buffers, individual, 1)
        remember(states, p, num_inputs, state, lanes[i], buffers, 0)
        for o in range(num_outputs):
            outputs[i, o] = buffers.values[end - num_outputs + o, 0]
