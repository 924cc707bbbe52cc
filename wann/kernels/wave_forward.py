"""Outputs of many networks for one observation each: a policy for simulators that step in lockstep."""

import numpy as np

from wann.kernels.jit import jit
from wann.kernels.lane_forward import FUSED, forward_individual, forward_shared


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
