"""One step of many groups of lanes.

Box2D's position solver ends when no error is left. Most lanes need two iterations, many need all 60, and a group needs
as many as its slowest lane. So each group gets two; then lanes of all groups that need more are packed together.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine import ground_rows, group_rows
from envs.box2d.engine.island import Work, end_step, solve_positions, solve_velocities
from envs.box2d.engine.places import contact_row, joint_row, lane_row, solver_row
from envs.box2d.engine.rows import (
    ALL_POINTS,
    ANGLE,
    BODY,
    FACE_NORMAL_X,
    FACE_NORMAL_Y,
    FACE_X,
    FACE_Y,
    FIRST_SOLVED,
    LIMIT,
    OF_FACE_B,
    OWN_X,
    OWN_Y,
    POSITIONS_DONE,
    SOLVED,
    TOUCHES,
    X,
    Y,
)
from envs.box2d.engine.scene import Scene
from envs.box2d.engine.vectors import LANES, all_lanes, lane_numbers, load, no_lanes, select, store
from wann.kernels.jit import inner

f32 = np.float32
i64: Any = np.int64

_FIRST_ITERATIONS = 2
# Rows of a contact that the position solver reads.
_OF_CONTACT = (
    ALL_POINTS,
    OF_FACE_B,
    FACE_NORMAL_X,
    FACE_NORMAL_Y,
    FACE_X,
    FACE_Y,
    FIRST_SOLVED + OWN_X,
    FIRST_SOLVED + OWN_Y,
    FIRST_SOLVED + SOLVED + OWN_X,
    FIRST_SOLVED + SOLVED + OWN_Y,
)


class GroupsWork(NamedTuple):
    """Work space of a thread that steps many groups."""

    own: Work
    packed: NDArray[np.float32]  # [rows * LANES] a group of lanes whose positions take long
    waiting: NDArray[np.int64]  # [N] those lanes

    @classmethod
    def of(cls, scene: Scene, num_lanes: int) -> "GroupsWork":
        rows = group_rows(scene) + ground_rows(scene)
        return cls(Work.of(scene), np.zeros(rows * LANES, np.float32), np.zeros(num_lanes, np.int64))


@inner
def step_groups(state, rows, plays, tables, grounds, work):
    """One step of the groups that play.

    Args:
        state: of all groups; group g begins at row ``rows * g``.
        plays: [G] of bool.
        tables, grounds: of the scene.
        work: `GroupsWork` for at least as many lanes.
    """
    waiting = i64(0)
    for group in range(len(plays)):
        if plays[group]:
            at = rows * group
            count = solve_velocities(state, at, tables, grounds, work.own)
            done = solve_positions(state, at, tables, work.own.solved, count, no_lanes(), _FIRST_ITERATIONS)
            store(state, lane_row(at, tables) + POSITIONS_DONE, select(done, f32(1), f32(0)))
            if not all_lanes(done):
                waiting = _note_waiting(state, at, tables, group, work.waiting, waiting)
    for first in range(0, waiting, LANES):
        _solve_packed(state, rows, tables, work, first, min(waiting - first, LANES))
    for group in range(len(plays)):
        if plays[group]:
            at = rows * group
            done = load(state, lane_row(at, tables) + POSITIONS_DONE) > f32(0)
            end_step(state, at, tables, grounds, work.own, done)


@inner
def _note_waiting(state, at, tables, group, lanes, count):
    row = lane_row(at, tables) + POSITIONS_DONE
    for lane in range(LANES):
        if state[row * LANES + lane] == f32(0):
            lanes[count] = group * LANES + lane
            count += 1
    return count


@inner
def _solve_packed(state, rows, tables, work, first, lanes):
    """All further iterations of ``lanes`` waiting lanes, from place ``first`` on."""
    packed, solved = work.packed, work.own.solved
    count = _list_contacts(state, rows, tables, work, first, lanes)
    for k in range(lanes):
        lane = work.waiting[first + k]
        _pack_lane(state, rows * (lane // LANES), lane % LANES, packed, k, tables, solved, count)
    done = lane_numbers() >= f32(lanes)
    done = solve_positions(packed, i64(0), tables, solved, count, done, tables.position_iterations - _FIRST_ITERATIONS)
    store(packed, lane_row(0, tables) + POSITIONS_DONE, select(done, f32(1), f32(0)))
    for k in range(lanes):
        lane = work.waiting[first + k]
        _unpack_lane(state, rows * (lane // LANES), lane % LANES, packed, k, tables)


@inner
def _list_contacts(state, rows, tables, work, first, lanes):
    """Write the contacts that some lane has to ``solved``; returns their number."""
    count = i64(0)
    for body in range(len(tables.bodies)):
        most = f32(0)
        for k in range(lanes):
            lane = work.waiting[first + k]
            touches = contact_row(rows * (lane // LANES), tables, body) + TOUCHES
            most = max(most, state[touches * LANES + lane % LANES])
        for number in range(int(most)):
            work.own.solved[count, 0], work.own.solved[count, 1] = body, number
            count += 1
    return count


@inner
def _pack_lane(state, at, lane, packed, k, tables, solved, count):
    """Copy what the position solver reads of a lane to lane ``k`` of the packed group."""
    for body in range(len(tables.bodies)):
        for r in (X, Y, ANGLE):
            packed[(BODY * body + r) * LANES + k] = state[(at + BODY * body + r) * LANES + lane]
    for joint in range(len(tables.joints)):
        packed[(joint_row(0, tables, joint) + LIMIT) * LANES + k] = state[
            (joint_row(at, tables, joint) + LIMIT) * LANES + lane
        ]
    for i in range(count):
        body, number = solved[i, 0], solved[i, 1]
        to = solver_row(0, tables, body, number) * LANES + k
        if f32(number) >= state[(contact_row(at, tables, body) + TOUCHES) * LANES + lane]:
            packed[to + ALL_POINTS * LANES] = f32(0)
            continue
        own = solver_row(at, tables, body, number) * LANES + lane
        for r in _OF_CONTACT:
            packed[to + r * LANES] = state[own + r * LANES]


@inner
def _unpack_lane(state, at, lane, packed, k, tables):
    """Copy what the position solver wrote back to a lane."""
    for body in range(len(tables.bodies)):
        for r in (X, Y, ANGLE):
            state[(at + BODY * body + r) * LANES + lane] = packed[(BODY * body + r) * LANES + k]
    row, own = lane_row(at, tables) + POSITIONS_DONE, lane_row(0, tables) + POSITIONS_DONE
    state[row * LANES + lane] = packed[own * LANES + k]
