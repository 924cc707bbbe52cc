"""b2World::Step for a group of lanes: contacts, velocities, positions, sleep, and impacts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.bodies import begin_step, move, sleep, transform
from envs.box2d.engine.collide import collide, synchronize
from envs.box2d.engine.contacts import (
    BAUMGARTE,
    begin_contact,
    keep_impulses,
    pack_touching,
    solve_contact_position,
    solve_contact_velocity,
    warm_start,
)
from envs.box2d.engine.continuous import solve_impacts
from envs.box2d.engine.joints import begin_joint, solve_joint_position, solve_joint_velocity
from envs.box2d.engine.rows import BODY, MAX_CORNERS, SLOTS
from envs.box2d.engine.scene import Scene
from envs.box2d.engine.vectors import LANES, all_lanes, minimum, no_lanes, spread
from wann.kernels.jit import inner

f32, i64 = np.float32, np.int64

_LEAST_SEPARATION = f32(-3) * f32(0.005)


class Work(NamedTuple):
    """Work space of a thread."""

    limited: NDArray[np.bool_]  # [J] joints that are at a limit in some lane
    solved: NDArray[np.int64]  # [B * SLOTS, 3] contacts to solve: body, number, and 1 if some lane has two points
    lanes: NDArray[np.bool_]  # [LANES]
    saved: NDArray[np.float32]  # [6] a sweep
    corners: NDArray[np.float32]  # [4, 8, 2] of two polygons, with their normals
    sweep: NDArray[np.float32]  # [8]
    simplex: NDArray[np.float32]  # [4, 7]
    indices: NDArray[np.int64]  # [4, 2]
    axis: NDArray[np.float32]  # [5]
    noted: NDArray[np.float32]  # [3 + 4 * SLOTS] velocities and impulses

    @classmethod
    def of(cls, scene: Scene) -> Work:
        return cls(
            np.zeros(len(scene.joints), bool),
            np.zeros((len(scene.bodies) * SLOTS, 3), np.int64),
            np.zeros(LANES, bool),
            np.zeros(6, np.float32),
            np.zeros((4, MAX_CORNERS, 2), np.float32),
            np.zeros(8, np.float32),
            np.zeros((4, 7), np.float32),
            np.zeros((4, 2), np.int64),
            np.zeros(5, np.float32),
            np.zeros(3 + 4 * SLOTS, np.float32),
        )


@inner
def step(state, at, tables, grounds, work):
    """One step of a scene on its grounds, in the lanes of the group that begins at row ``at``."""
    count = solve_velocities(state, at, tables, grounds, work)
    done = solve_positions(state, at, tables, work.solved, count, no_lanes(), tables.position_iterations)
    end_step(state, at, tables, grounds, work, done)


@inner
def solve_velocities(state, at, tables, grounds, work):
    """The first part of a step: contacts and velocities; bodies move.

    Returns the number of contacts in ``work.solved``, of which positions are to be solved.
    """
    num_bodies, num_joints = len(tables.bodies), len(tables.joints)
    joints_at = at + BODY * num_bodies
    h = f32(tables.step)
    collide(state, at, tables, grounds, work.corners)
    for body in range(num_bodies):
        begin_step(state, at, tables.bodies, body, h)
    solved = work.solved
    count = i64(0)
    for body in range(num_bodies):
        for number in range(pack_touching(state, at, tables, body)):
            solved[count, 0], solved[count, 1] = body, number
            solved[count, 2] = begin_contact(state, at, tables, body, number)
            count += 1
    for i in range(count):
        warm_start(state, at, tables, solved[i, 0], solved[i, 1])
    for j in range(num_joints):
        work.limited[j] = begin_joint(state, at, joints_at, tables, j)
    for _ in range(tables.velocity_iterations):
        for j in range(num_joints):
            solve_joint_velocity(state, at, joints_at, tables, j, work.limited[j])
        for i in range(count):
            solve_contact_velocity(state, at, tables, solved[i, 0], solved[i, 1], solved[i, 2])
    for i in range(count):
        keep_impulses(state, at, tables, solved[i, 0], solved[i, 1])
    for body in range(num_bodies):
        move(state, at, body, h)
    return count


@inner
def solve_positions(state, at, tables, solved, count, done, iterations):
    """The second part of a step: at most so many iterations in the lanes that are not ``done``.

    Returns the mask of lanes that are done then.
    """
    joints_at = at + BODY * len(tables.bodies)
    for _ in range(iterations):
        done = done | _iterate_positions(state, at, joints_at, tables, solved, count, ~done)
        if all_lanes(done):
            break
    return done


@inner
def end_step(state, at, tables, grounds, work, done):
    """The last part of a step: sleep, new contacts, impacts. Positions have no error left in the ``done`` lanes."""
    num_bodies = len(tables.bodies)
    for body in range(num_bodies):
        transform(state, at, tables.bodies, body)
    sleep(state, at, num_bodies, f32(tables.step), done)
    for body in range(num_bodies):
        synchronize(state, at, tables, grounds, body, ~no_lanes())
        solve_impacts(state, at, tables, grounds, body, work)


@inner
def _iterate_positions(state, at, joints_at, tables, solved, count, active):
    """One iteration over contacts and joints in the ``active`` lanes. Returns the mask of lanes without an error."""
    smallest = spread(f32(0))
    for i in range(count):
        separation = solve_contact_position(state, at, tables, solved[i, 0], solved[i, 1], active, BAUMGARTE)
        smallest = minimum(smallest, separation)
    good = solve_joint_positions(state, at, joints_at, tables, active)
    return good & (smallest >= _LEAST_SEPARATION)


@inner
def step_joints(state, at, tables, limited):
    """One step of a scene without contacts, in the lanes of the group that begins at row ``at``.

    ``limited`` [J] of bool is a work buffer.
    """
    num_bodies, num_joints = len(tables.bodies), len(tables.joints)
    joints_at = at + BODY * num_bodies
    h = f32(tables.step)
    for body in range(num_bodies):
        begin_step(state, at, tables.bodies, body, h)
    for j in range(num_joints):
        limited[j] = begin_joint(state, at, joints_at, tables, j)
    for _ in range(tables.velocity_iterations):
        for j in range(num_joints):
            solve_joint_velocity(state, at, joints_at, tables, j, limited[j])
    for body in range(num_bodies):
        move(state, at, body, h)
    solved = no_lanes()
    for _ in range(tables.position_iterations):
        solved = solved | solve_joint_positions(state, at, joints_at, tables, ~solved)
        if all_lanes(solved):
            break
    for body in range(num_bodies):
        transform(state, at, tables.bodies, body)
    sleep(state, at, num_bodies, h, solved)


@inner
def solve_joint_positions(state, at, joints_at, tables, active):
    """One iteration over all joints in the ``active`` lanes. Returns the mask of lanes without an error."""
    good = ~no_lanes()
    for j in range(len(tables.joints)):
        good = good & solve_joint_position(state, at, joints_at, tables, j, active)
    return good
