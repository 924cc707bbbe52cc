"""Whole episodes of BipedalWalker in lanes: networks, steps, returns, and a new episode where one has ended.

A pool of lanes plays a list of episodes. An episode takes the lane that is free, plays with whatever others are there,
and no bit of it depends on them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.bodies import place
from envs.box2d.engine.ground import clear_lane
from envs.box2d.engine.groups import GroupsWork, step_groups
from envs.box2d.engine.places import lane_row
from envs.box2d.engine.rows import OVERFLOW
from envs.box2d.engine.vectors import LANES
from envs.box2d.queue import CROWDED, NOT_REWARDED, NOT_SAID, NOT_SEEN, PLAYED
from envs.box2d.walker.physics import NUM_INPUTS, NUM_OUTPUTS, ROWS, judge, observe, set_motors, start
from envs.box2d.walker.scene import walker_scene
from envs.box2d.walker.terrain import make_grounds as make_grounds
from wann.kernels.jit import inner, jit
from wann.kernels.lane_forward import FUSED, forward_individual
from wann.kernels.state_forward import Buffers, recall, remember, step_network
from wann.kernels.vector_forward import forward_vectors
from wann.network import Networks

f32, i64 = np.float32, np.int64

TABLES = walker_scene().tables
GROUPS = 16  # of lanes, in the largest pool
_FIRST_ROW = 1 + NUM_INPUTS
_BELOW = f32(-1000)  # where walkers of lanes without an episode fall


class Pool(NamedTuple):
    """N lanes, a multiple of `LANES`, with their episodes."""

    state: NDArray[np.float32]  # [N / LANES * ROWS * LANES]
    episode: NDArray[np.int64]  # [N] -1 where there is none
    waits: NDArray[np.bool_]  # [N] before the first observation
    observations: NDArray[np.float32]  # [N, 24]
    actions: NDArray[np.float32]  # [N, 4]
    returns: NDArray[np.float64]  # [N]
    steps: NDArray[np.int64]  # [N]
    best: NDArray[np.float64]  # [N] the highest return so far
    best_step: NDArray[np.int64]  # [N] when it was reached
    shaping: NDArray[np.float64]  # [N]
    order: NDArray[np.int64]  # [N] lanes that play, in the order of their networks
    rays: NDArray[np.float32]  # [3 * LANES]
    memory: NDArray[np.float32]  # [N, S] state of each lane's network
    buffers: Buffers  # of the lanes of one network
    plays: NDArray[np.bool_]  # [N / LANES] groups with an episode
    work: GroupsWork

    @classmethod
    def of(cls, num_episodes: int, networks: Networks, individual: bool) -> Pool:
        """A pool for so many episodes of P networks."""
        arrays = networks.program_arrays(), networks.state_arrays()
        lanes = min(GROUPS, -(-num_episodes // LANES)) * LANES
        return cls(
            np.zeros(lanes * ROWS, np.float32),
            np.full(lanes, -1),
            np.zeros(lanes, bool),
            np.zeros((lanes, NUM_INPUTS), np.float32),
            np.zeros((lanes, NUM_OUTPUTS), np.float32),
            np.zeros(lanes),
            np.zeros(lanes, np.int64),
            np.zeros(lanes),
            np.zeros(lanes, np.int64),
            np.zeros(lanes),
            np.zeros(lanes, np.int64),
            np.zeros(3 * LANES, np.float32),
            np.zeros((lanes, int(networks.num_state().max())), np.float32),
            Buffers.of(*arrays, NUM_INPUTS, LANES, individual),
            np.zeros(lanes // LANES, bool),
            GroupsWork.of(walker_scene(), lanes),
        )


class Rules(NamedTuple):
    """When an episode is cut, and what a fall costs."""

    most_steps: int
    stall_steps: int  # 0: never
    fall_reward: float


@jit
def play(tables, grounds, pushes, programs, states, keeps_state, weights, individual, rules, queue, seen, pool):
    """Play all episodes.

    Args:
        tables: of the scene.
        grounds, pushes: of the terrains.
        programs: (activations, fan_in, sources, node_offsets, connection_offsets) of P networks.
        states: (copies, memory_offsets, plastic, plastic_offsets) of them.
        keeps_state: False if all networks are plain, and ``states`` need not be read.
        weights: [1, W] float32 shared weights, or [sum E, W] by live connection.
        individual: True if ``weights`` is by connection.
        rules, queue, pool: see there.
        seen: [S, 24], written: observations before the first S steps of the first episode.
    """
    num_lanes = len(pool.episode)
    following = i64(0)
    for lane in range(num_lanes):
        following = _next_episode(tables, grounds, pushes, queue, pool, lane, following)
    while True:
        if following == len(queue.networks):
            _close_gaps(tables, pool)
        playing = _order_lanes(queue, pool)
        if playing == 0 and not pool.waits.any():
            return
        _act(programs, states, keeps_state, weights, individual, queue, pool, playing)
        for group in range(num_lanes // LANES):
            pool.plays[group] = not _is_idle(pool, group * LANES)
        for lane in range(num_lanes):
            if pool.plays[lane // LANES]:
                set_motors(pool.state, lane // LANES * ROWS, tables, lane % LANES, pool.actions[lane])
        step_groups(pool.state, ROWS, pool.plays, tables, grounds, pool.work)
        for lane in range(num_lanes):
            if pool.episode[lane] >= 0 and _finish_step(tables, grounds, rules, queue, seen, pool, lane):
                following = _next_episode(tables, grounds, pushes, queue, pool, lane, following)


@inner
def _is_idle(pool, first):
    highest = i64(-1)
    for lane in range(first, first + LANES):
        highest = max(highest, pool.episode[lane])
    return highest < 0


@inner
def _next_episode(tables, grounds, pushes, queue, pool, lane, following):
    """Begin the next episode in a lane, if there is one; returns the number of those begun."""
    at, l = lane // LANES * ROWS, lane % LANES
    for i in range(NUM_OUTPUTS):
        pool.actions[lane, i] = f32(0)
    if following == len(queue.networks):
        pool.episode[lane] = -1
        pool.waits[lane] = False
        _park(pool.state, at, tables, l)
        return following
    start(pool.state, at, tables, grounds, pushes, l, queue.worlds[following])
    pool.episode[lane], pool.waits[lane] = following, True
    pool.returns[lane], pool.steps[lane] = 0.0, 0
    pool.best[lane], pool.best_step[lane], pool.shaping[lane] = -np.inf, 0, 0.0
    for row in range(pool.memory.shape[1]):
        pool.memory[lane, row] = f32(0)
    return following + 1


@inner
def _close_gaps(tables, pool):
    """Move episodes from the last lanes to free ones, so that as few groups as possible step.

    A group costs nearly the same with one episode as with sixteen.
    """
    free, last = 0, len(pool.episode) - 1
    while True:
        while free < last and pool.episode[free] >= 0:
            free += 1
        while last > free and pool.episode[last] < 0:
            last -= 1
        if last // LANES <= free // LANES:
            return
        _move(tables, pool, last, free)


@inner
def _move(tables, pool, source, target):
    """Move an episode to a free lane."""
    state, at, to = pool.state, source // LANES * ROWS, target // LANES * ROWS
    for r in range(ROWS):
        state[(to + r) * LANES + target % LANES] = state[(at + r) * LANES + source % LANES]
    for i in range(NUM_INPUTS):
        pool.observations[target, i] = pool.observations[source, i]
    for i in range(NUM_OUTPUTS):
        pool.actions[target, i], pool.actions[source, i] = pool.actions[source, i], f32(0)
    pool.episode[target], pool.episode[source] = pool.episode[source], -1
    pool.waits[target], pool.waits[source] = pool.waits[source], False
    pool.returns[target], pool.steps[target] = pool.returns[source], pool.steps[source]
    pool.best[target], pool.best_step[target] = pool.best[source], pool.best_step[source]
    pool.shaping[target] = pool.shaping[source]
    for row in range(pool.memory.shape[1]):
        pool.memory[target, row] = pool.memory[source, row]
    _park(state, at, tables, source % LANES)


@inner
def _park(state, at, tables, l):
    """A walker far from the ground, which costs least."""
    clear_lane(state, at, tables, l, i64(0))
    for body in range(len(tables.bodies)):
        place(state, at, tables.bodies, body, l, f32(0), _BELOW, f32(0))


@inner
def _order_lanes(queue, pool):
    """Write the lanes that need actions in the order of their networks; returns their number.

    Lanes of one network are computed together.
    """
    count = 0
    order = pool.order
    for lane in range(len(pool.episode)):
        if pool.episode[lane] < 0 or pool.waits[lane]:
            continue
        network = queue.networks[pool.episode[lane]]
        i = count
        while i > 0 and queue.networks[pool.episode[order[i - 1]]] > network:
            order[i] = order[i - 1]
            i -= 1
        order[i] = lane
        count += 1
    return count


@inner
def _act(programs, states, keeps_state, weights, individual, queue, pool, count):
    """Write the actions of lanes ``order[:count]``; an output that is no number ends its episode."""
    first = i64(0)
    while first < count:
        network = queue.networks[pool.episode[pool.order[first]]]
        lanes = i64(1)
        while (
            lanes < LANES
            and first + lanes < count
            and queue.networks[pool.episode[pool.order[first + lanes]]] == network
        ):
            lanes += 1
        _run(programs, states, keeps_state, weights, individual, queue, pool, network, first, lanes)
        first += lanes


@inner
def _run(programs, states, keeps_state, weights, individual, queue, pool, network, first, lanes):
    """Actions of one network in ``lanes`` lanes, from place ``first`` of the order on."""
    buffers, edges = pool.buffers, programs[4]
    values = buffers.values
    for k in range(lanes):
        lane = pool.order[first + k]
        for i in range(NUM_INPUTS):
            values[1 + i, k] = pool.observations[lane, i]
        setting = queue.settings[pool.episode[lane]]
        if individual:
            for e in range(edges[network], edges[network + 1]):
                buffers.weights[e - edges[network], k] = weights[e, setting]
        else:
            buffers.scale[0, k] = weights[0, setting]
    if not keeps_state:
        end = _compute(programs, individual, buffers, network, lanes)
    else:
        for k in range(lanes):
            recall(states, network, NUM_INPUTS, pool.memory, pool.order[first + k], buffers, k)
        end = step_network(programs, states, network, NUM_INPUTS, buffers, individual, lanes)
        for k in range(lanes):
            remember(states, network, NUM_INPUTS, pool.memory, pool.order[first + k], buffers, k)
    output = end - NUM_OUTPUTS
    for k in range(lanes):
        lane = pool.order[first + k]
        for i in range(NUM_OUTPUTS):
            value = values[output + i, k]
            if np.isnan(value):
                queue.outcomes[pool.episode[lane]] = NOT_SAID
                value = f32(0)
            pool.actions[lane, i] = min(max(value, f32(-1)), f32(1))


@inner
def _compute(programs, individual, buffers, network, lanes):
    """Compute a plain network; returns the row after that of the last output."""
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    nodes, edge = (node_offsets[network], node_offsets[network + 1]), edge_offsets[network]
    values, sums, scale = buffers.values, buffers.sums, buffers.scale
    if individual:
        own = sources[edge : edge_offsets[network + 1]]
        forward_individual(
            activations, fan_in, own, nodes, _FIRST_ROW, 0, values, sums, buffers.weights, scale, lanes, FUSED
        )
    else:
        # A whole vector costs no more than some of its lanes.
        forward_vectors(activations, fan_in, sources, nodes, _FIRST_ROW, edge, values, sums, scale, LANES)
    return _FIRST_ROW + nodes[1] - nodes[0]


@inner
def _finish_step(tables, grounds, rules, queue, seen, pool, lane):
    """Observe and reward a lane after a step. Returns True if its episode is over, and then records it."""
    at, l, episode = lane // LANES * ROWS, lane % LANES, pool.episode[lane]
    if queue.outcomes[episode] == NOT_SAID:  # no step was due
        return _record(queue, pool, lane, i64(NOT_SAID))
    observation = pool.observations[lane]
    observe(pool.state, at, tables, grounds, l, observation, pool.rays)
    reward, fell, ended, pool.shaping[lane] = judge(
        pool.state, at, tables, l, observation, pool.actions[lane], pool.shaping[lane]
    )
    if not fell and pool.state[(lane_row(at, tables) + OVERFLOW) * LANES + l] > f32(0):
        return _record(queue, pool, lane, i64(CROWDED))
    if pool.waits[lane]:
        pool.waits[lane] = False
    else:
        pool.returns[lane] += rules.fall_reward if fell else np.float64(reward)
        pool.steps[lane] += 1
        if not np.isfinite(pool.returns[lane]):
            return _record(queue, pool, lane, i64(NOT_REWARDED))
        if pool.returns[lane] > pool.best[lane]:
            pool.best[lane], pool.best_step[lane] = pool.returns[lane], pool.steps[lane]
        steps = pool.steps[lane]
        queue.falls[episode] = fell
        stalls = rules.stall_steps > 0 and steps - pool.best_step[lane] >= rules.stall_steps
        if fell or ended or stalls or steps >= rules.most_steps:
            return _record(queue, pool, lane, i64(PLAYED))
    for i in range(NUM_INPUTS):
        if not np.isfinite(observation[i]):
            return _record(queue, pool, lane, i64(NOT_SEEN))
    if episode == 0 and pool.steps[lane] < len(seen):
        for i in range(NUM_INPUTS):
            seen[pool.steps[lane], i] = observation[i]
    return False


@inner
def _record(queue, pool, lane, outcome):
    episode = pool.episode[lane]
    queue.outcomes[episode] = outcome
    queue.returns[episode] = pool.returns[lane] if outcome == PLAYED else np.nan
    queue.steps[episode] = pool.steps[lane]
    return True
