"""Batched CartPoleSwingUp for networks with state: every lane has its memory, strengths and totals (numba)."""

import numpy as np

from envs.cartpole.kernels import ALIVE, NUM_INPUTS, advance, living, record, retire, start_tile
from wann.kernels.jit import jit, part
from wann.kernels.lane_forward import TILE
from wann.kernels.state_forward import STRIDE, move, needs, step_with_state, unrolled
from wann.kernels.vector_forward import forward_vectors_by_row
from wann.kernels.vector_loops import WIDTH, aligned


@jit
def simulate_with_state(programs, states, starts, weights, individual, max_steps, returns, steps):
    """Like `envs.cartpole.kernels.simulate`, from a state of 0 in every episode.

    ``states`` are (copies, memory_offsets, plastic, plastic_offsets) of P networks.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    copies, memory_offsets, plastic, plastic_offsets = states
    num_lanes = starts.shape[1]
    special, _, most_held, most_edges = needs(programs, states)
    held, sums, state = aligned(most_held, TILE), aligned(1, TILE), aligned(5, TILE)
    ones, lane_weights = np.ones((1, TILE), np.float32), aligned(most_edges if individual else 1, TILE)
    for p in range(len(returns)):
        nodes, first_edge = (node_offsets[p], node_offsets[p + 1]), edge_offsets[p]
        num_nodes, num_edges = nodes[1] - nodes[0], edge_offsets[p + 1] - first_edge
        own_plastic = plastic[plastic_offsets[p] : plastic_offsets[p + 1]]
        rows, own_sources, inputs, phases, num_rows = unrolled(
            sources[first_edge : first_edge + num_edges],
            copies[memory_offsets[p] : memory_offsets[p + 1]],
            NUM_INPUTS,
            num_nodes,
        )
        values, moved = aligned(num_rows, STRIDE), len(inputs) // phases
        values[0] = 1
        scale = ones if individual else lane_weights
        for first in range(0, num_lanes, TILE):
            count = min(TILE, num_lanes - first)
            values[1:], held[:] = 0, 0
            lanes = start_tile(starts, first, count, state, values)
            for row in range(num_edges if individual else 1):
                source = first_edge + row if individual else 0
                for l in range(lanes):
                    lane_weights[row, l] = weights[source, first + (l if l < count else 0)]
            phase = 0
            for step in range(max_steps):
                if moved:
                    move(values, inputs, phase * moved, (phase + 1) * moved, lanes)
                if special[p] or individual:
                    step_with_state(
                        activations, fan_in, nodes, rows, phase * num_nodes, own_sources, phase * num_edges,
                        own_plastic, values, held, sums, lane_weights, scale, individual, lanes,
                    )  # fmt: skip
                else:
                    forward_vectors_by_row(
                        activations, fan_in, nodes, rows, phase * num_nodes, own_sources, phase * num_edges, values,
                        sums, lane_weights, lanes,
                    )  # fmt: skip
                advance(state, values, rows[(phase + 1) * num_nodes - 1], lanes)
                phase = phase + 1 if phase + 1 < phases else 0
                if step % 8 == 7 and living(state, lanes) <= lanes - WIDTH:
                    close_gaps(values, 1 + NUM_INPUTS, num_rows, state, lanes)
                    close_gaps(held, 0, len(held), state, lanes)
                    lanes = retire(state, values, lane_weights, lanes, returns[p], steps[p])
                    if lanes == 0:
                        break
            for l in range(lanes):
                record(state, l, returns[p], steps[p])


@part
def close_gaps(array, begin, end, state, num_lanes):
    """Move the living lanes of rows ``begin`` to ``end`` together, as `retire` does with those of the state."""
    kept = 0
    for l in range(num_lanes):
        if state[ALIVE, l] > 0:
            if kept < l:
                for row in range(begin, end):
                    array[row, kept] = array[row, l]
            kept += 1
