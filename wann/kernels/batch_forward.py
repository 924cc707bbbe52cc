"""Outputs of many networks on the same inputs: the inputs are the vector lanes."""

import numpy as np

from wann.kernels.jit import jit
from wann.kernels.lane_forward import TILE, forward_shared


@jit
def batch_outputs(programs, inputs, weights, outputs):
    """Run every network on every input, in float32.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets) of P networks.
        inputs: [I, L] float32.
        weights: [L] float32, the shared weight of each lane.
        outputs: [P, O, L] float32, written.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    num_inputs, num_lanes = inputs.shape
    num_outputs = outputs.shape[1]
    first_row = 1 + num_inputs
    largest = 0
    for p in range(len(outputs)):
        largest = max(largest, node_offsets[p + 1] - node_offsets[p])
    values = np.empty((first_row + largest, TILE), np.float32)
    sums = np.empty((1, TILE), np.float32)
    scale = np.empty((1, TILE), np.float32)
    for begin in range(0, num_lanes, TILE):
        lanes = min(TILE, num_lanes - begin)
        for l in range(lanes):
            scale[0, l] = weights[begin + l]
            values[0, l] = 1
        for i in range(num_inputs):
            for l in range(lanes):
                values[1 + i, l] = inputs[i, begin + l]
        for p in range(len(outputs)):
            nodes = (node_offsets[p], node_offsets[p + 1])
            forward_shared(activations, fan_in, sources, nodes, first_row, edge_offsets[p], values, sums, scale, lanes)
            first_output = first_row + nodes[1] - nodes[0] - num_outputs
            for o in range(num_outputs):
                for l in range(lanes):
                    outputs[p, o, begin + l] = values[first_output + o, l]
