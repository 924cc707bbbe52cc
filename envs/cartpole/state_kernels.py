"""Batched CartPoleSwingUp for networks with state: every lane has its memory, strengths and totals (numba)."""

import numpy as np

from envs.cartpole.kernels import ALIVE, NUM_INPUTS, VECTOR, advance, living, observe, record, retire, start_tile
from wann.kernels.jit import jit
from wann.kernels.lane_forward import TILE
from wann.kernels.state_forward import needs, step_with_state

_FIRST_ROW = 1 + NUM_INPUTS


@jit
def simulate_with_state(programs, states, starts, weights, individual, max_steps, returns, steps):
    """Like `envs.cartpole.kernels.simulate`, from a state of 0 in every episode.

    ``states`` are (copies, memory_offsets, plastic, plastic_offsets) of P networks.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    copies, memory_offsets, plastic, plastic_offsets = states
    num_lanes = starts.shape[1]
    special, most_rows, most_held, most_edges = needs(programs, states)
    values = np.zeros((_FIRST_ROW + most_rows, TILE), np.float32)
    values[0] = 1
    held = np.zeros((most_held, TILE), np.float32)
    state, sums = np.zeros((8, TILE), np.float32), np.empty((1, TILE), np.float32)
    ones = np.ones((1, TILE), np.float32)
    lane_weights = np.zeros((most_edges if individual else 1, TILE), np.float32)
    for p in range(len(returns)):
        nodes, first_edge = (node_offsets[p], node_offsets[p + 1]), edge_offsets[p]
        own_sources = sources[first_edge : edge_offsets[p + 1]]
        own_copies = copies[memory_offsets[p] : memory_offsets[p + 1]]
        own_plastic = plastic[plastic_offsets[p] : plastic_offsets[p + 1]]
        first_row = _FIRST_ROW + len(own_copies)
        action_row = first_row + nodes[1] - nodes[0] - 1
        scale = ones if individual else lane_weights
        for first in range(0, num_lanes, TILE):
            count = min(TILE, num_lanes - first)
            lanes = start_tile(starts, first, count, state)
            values[_FIRST_ROW:first_row] = 0
            held[:] = 0
            for row in range(len(own_sources) if individual else 1):
                source = first_edge + row if individual else 0
                for l in range(lanes):
                    lane_weights[row, l] = weights[source, first + (l if l < count else 0)]
            for step in range(max_steps):
                observe(state, values, lanes)
                step_with_state(
                    activations, fan_in, own_sources, nodes, first_row, own_copies, own_plastic, special[p], values,
                    held, sums, lane_weights, scale, individual, lanes,
                )  # fmt: skip
                advance(state, values, action_row, lanes)
                if step % 8 == 7 and living(state, lanes) <= lanes - VECTOR:
                    close_gaps(values, _FIRST_ROW, first_row, state, lanes)
                    close_gaps(held, 0, len(held), state, lanes)
                    lanes = retire(state, lane_weights, lanes, returns[p], steps[p])
                    if lanes == 0:
                        break
            for l in range(lanes):
                record(state, l, returns[p], steps[p])


@jit
def close_gaps(array, begin, end, state, num_lanes):
    """Move the living lanes of rows ``begin`` to ``end`` together, as `retire` does with those of the state."""
    kept = 0
    for l in range(num_lanes):
        if state[ALIVE, l] > 0:
            if kept < l:
                for row in range(begin, end):
                    array[row, kept] = array[row, l]
            kept += 1
