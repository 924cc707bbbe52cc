"""Where rows begin in a group at ``at``: of a joint, a body's contacts, a slot, a solved contact, the lane itself."""

from envs.box2d.engine.rows import BODY, FIRST_SLOT, JOINT, SLOT, SLOTS, SOLVER, TOUCH
from wann.kernels.jit import elementwise


@elementwise
def joint_row(at, tables, joint):
    return at + BODY * len(tables.bodies) + JOINT * joint


@elementwise
def contact_row(at, tables, body):
    return at + BODY * len(tables.bodies) + JOINT * len(tables.joints) + TOUCH * body


@elementwise
def slot_row(at, tables, body, slot):
    return contact_row(at, tables, body) + FIRST_SLOT + SLOT * slot


@elementwise
def solver_row(at, tables, body, number):
    return contact_row(at, tables, body) + FIRST_SLOT + SLOT * SLOTS + SOLVER * number


@elementwise
def lane_row(at, tables):
    return contact_row(at, tables, len(tables.bodies))
