"""b2Island::Solve for a group of lanes: velocities, positions, sleep."""

import numpy as np

from envs.box2d.engine.bodies import begin_step, move, sleep, transform
from envs.box2d.engine.joints import begin_joint, solve_joint_position, solve_joint_velocity
from envs.box2d.engine.rows import BODY
from envs.box2d.engine.vectors import all_lanes, no_lanes
from wann.kernels.jit import inner

f32 = np.float32


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
    good = solve_joint_position(state, at, joints_at, tables, 0, active)
    for j in range(1, len(tables.joints)):
        good = good & solve_joint_position(state, at, joints_at, tables, j, active)
    return good
