"""Batched CartPoleSwingUp: every rollout of a network is a lane (numba, float32).

The equations are those of `envs.cartpole.physics`, step for step. Position, velocity and spin are kept where the
network reads them. Lanes whose cart left the track are removed from the tile once a whole vector of them is done. This
changes no lane's value.
"""

import numpy as np

from envs.cartpole.physics import (
    CART_MASS,
    FORCE,
    FRICTION,
    GRAVITY,
    POLE_LENGTH,
    POLE_MASS,
    TIME_STEP,
    TRACK_LIMIT,
)
from wann.kernels.jit import elementwise, inner, jit, part
from wann.kernels.lane_forward import FUSED, TILE, forward_individual
from wann.kernels.maths import cos_pi, sin_pi
from wann.kernels.vector_forward import forward_vectors
from wann.kernels.vector_loops import WIDTH, aligned, on_vectors

f32 = np.float32

NUM_INPUTS = 5
_FIRST_ROW = 1 + NUM_INPUTS

# Rows of a tile's values: what the network reads.
X, VELOCITY, COS, SIN, SPIN = range(1, 1 + NUM_INPUTS)
# Rows of a tile's state: the rest.
ANGLE, RETURN, STEPS, ALIVE, LANE = range(5)

_TOTAL_MASS = CART_MASS + POLE_MASS
_MASS_LENGTH = POLE_MASS * POLE_LENGTH
_DT = f32(TIME_STEP)
_FORCE = f32(FORCE)
_FRICTION = f32(FRICTION)
_LIMIT = f32(TRACK_LIMIT)
_INVERSE_PI = f32(1 / np.pi)
_QUARTER_TRACK = f32(0.5 / TRACK_LIMIT)  # cos(pi/2 x/limit) = cos_pi(x * this)
_X_SPIN = f32(-2 * _MASS_LENGTH)
_X_GRAVITY = f32(3 * POLE_MASS * GRAVITY)
_X_MASS = f32(4 * _TOTAL_MASS)
_X_POLE = f32(3 * POLE_MASS)
_SPIN_SPIN = f32(-3 * _MASS_LENGTH)
_SPIN_GRAVITY = f32(6 * _TOTAL_MASS * GRAVITY)
_SPIN_MASS = f32(4 * POLE_LENGTH * _TOTAL_MASS)
_SPIN_POLE = f32(3 * _MASS_LENGTH)


@elementwise
def _seen(angle):
    """cos theta and sin theta."""
    half_turns = angle * _INVERSE_PI
    return cos_pi(half_turns, FUSED), sin_pi(half_turns, FUSED)


@elementwise
def _moved(x, velocity, angle, spin, cos, sin, action):
    """One Euler step; positions advance with the old velocities."""
    push = _FORCE * min(max(action, f32(-1)), f32(1)) - _FRICTION * velocity
    swing = spin * spin * sin
    acceleration = (_X_SPIN * swing + _X_GRAVITY * sin * cos + f32(4) * push) / (_X_MASS - _X_POLE * cos * cos)
    spin_up = (_SPIN_SPIN * swing * cos + _SPIN_GRAVITY * sin + f32(6) * push * cos) / (
        _SPIN_MASS - _SPIN_POLE * cos * cos
    )
    return x + _DT * velocity, velocity + _DT * acceleration, angle + _DT * spin, spin + _DT * spin_up


@elementwise
def _rewarded(x, cos, total, steps, alive):
    """The return, the steps, and 1 while the cart is on the track. Only living lanes are rewarded."""
    upright = (cos + f32(1)) * f32(0.5)
    reward = upright * cos_pi(x * _QUARTER_TRACK, FUSED)
    total = total + (reward if alive > f32(0) else f32(0))
    return total, steps + alive, f32(0) if abs(x) > _LIMIT else alive


_see, _move, _reward = on_vectors(_seen, 2), on_vectors(_moved, 4), on_vectors(_rewarded, 3)


@inner
def observe(state, values, num_lanes):
    """Write cos theta and sin theta; the other inputs are the state itself."""
    _see(num_lanes, ((state, ANGLE),), ((values, COS), (values, SIN)))


@inner
def advance(state, values, action_row, num_lanes):
    """One step of every lane, and the observation that follows it, whose cosine the reward needs too."""
    moved = ((values, X), (values, VELOCITY), (state, ANGLE), (values, SPIN))
    seen = ((values, COS), (values, SIN))
    _move(num_lanes, (*moved, *seen, (values, action_row)), moved)
    observe(state, values, num_lanes)
    account = ((state, RETURN), (state, STEPS), (state, ALIVE))
    _reward(num_lanes, ((values, X), (values, COS), *account), account)


@part
def retire(state, values, lane_weights, num_lanes, returns, steps):
    """Record finished lanes and close the gaps; return the lanes left, padded to a whole vector."""
    kept = 0
    for l in range(num_lanes):
        if state[ALIVE, l] > f32(0):
            if kept < l:
                for row in range(state.shape[0]):
                    state[row, kept] = state[row, l]
                for row in range(1, _FIRST_ROW):
                    values[row, kept] = values[row, l]
                for row in range(lane_weights.shape[0]):
                    lane_weights[row, kept] = lane_weights[row, l]
            kept += 1
        else:
            record(state, l, returns, steps)
    padded = (kept + WIDTH - 1) // WIDTH * WIDTH
    for l in range(kept, padded):
        state[ALIVE, l] = f32(0)
        state[LANE, l] = f32(-1)
    return padded


@part
def record(state, l, returns, steps):
    lane = int(state[LANE, l])
    if lane >= 0:
        returns[lane] = state[RETURN, l]
        steps[lane] = int(state[STEPS, l])


@part
def start_tile(starts, first, count, state, values):
    """Load ``count`` lanes from ``starts [4, L]``. Padding repeats the first lane and is not recorded."""
    padded = (count + WIDTH - 1) // WIDTH * WIDTH
    for l in range(padded):
        real = l < count
        source = first + l if real else first
        values[X, l], values[VELOCITY, l] = starts[0, source], starts[1, source]
        state[ANGLE, l], values[SPIN, l] = starts[2, source], starts[3, source]
        state[RETURN, l] = f32(0)
        state[STEPS, l] = f32(0)
        state[ALIVE, l] = f32(1) if real else f32(0)
        state[LANE, l] = f32(first + l) if real else f32(-1)
    observe(state, values, padded)
    return padded


@part
def living(state, num_lanes):
    total = f32(0)
    for l in range(num_lanes):
        total += state[ALIVE, l]
    return total


@jit
def simulate(programs, starts, weights, individual, max_steps, returns, steps):
    """Run every lane of every network to its end.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets) of P networks.
        starts: [4, L] float32 start states, the same for all networks.
        weights: [1, L] shared weight of each lane, or [sum E, L] by live connection.
        individual: True if ``weights`` is by connection.
        max_steps: length of a full episode.
        returns: [P, L] float32, written.
        steps: [P, L] int64, written.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    num_lanes = starts.shape[1]
    largest_nodes = 0
    largest_edges = 1
    for p in range(len(returns)):
        largest_nodes = max(largest_nodes, node_offsets[p + 1] - node_offsets[p])
        largest_edges = max(largest_edges, edge_offsets[p + 1] - edge_offsets[p])
    values = aligned(_FIRST_ROW + largest_nodes, TILE)
    values[0] = 1
    state = aligned(5, TILE)
    sums = aligned(1, TILE)
    ones = np.ones((1, TILE), np.float32)
    lane_weights = aligned(largest_edges if individual else 1, TILE)
    for p in range(len(returns)):
        nodes = (node_offsets[p], node_offsets[p + 1])
        first_edge = edge_offsets[p]
        num_edges = edge_offsets[p + 1] - first_edge
        action_row = _FIRST_ROW + nodes[1] - nodes[0] - 1
        program_sources = sources[first_edge : first_edge + num_edges]
        for first in range(0, num_lanes, TILE):
            count = min(TILE, num_lanes - first)
            lanes = start_tile(starts, first, count, state, values)
            for row in range(num_edges if individual else 1):
                source = first_edge + row if individual else 0
                for l in range(lanes):
                    lane_weights[row, l] = weights[source, first + (l if l < count else 0)]
            for step in range(max_steps):
                if individual:
                    forward_individual(
                        activations,
                        fan_in,
                        program_sources,
                        nodes,
                        _FIRST_ROW,
                        0,
                        values,
                        sums,
                        lane_weights,
                        ones,
                        lanes,
                        FUSED,
                    )
                else:
                    forward_vectors(
                        activations, fan_in, program_sources, nodes, _FIRST_ROW, 0, values, sums, lane_weights, lanes
                    )
                advance(state, values, action_row, lanes)
                if step % 8 == 7 and living(state, lanes) <= lanes - WIDTH:
                    lanes = retire(state, values, lane_weights, lanes, returns[p], steps[p])
                    if lanes == 0:
                        break
            for l in range(lanes):
                record(state, l, returns[p], steps[p])
