"""The contact solver in lanes: b2ContactSolver between bodies and a ground that stands still.

Contacts bounce no body (restitution 0). The touching contacts of a body are packed before they are solved: the k-th of
each lane is solved with the k-th of the others, in Box2D's order within every lane.
"""

from typing import Any

import numpy as np

from envs.box2d.engine.places import contact_row, slot_row, solver_row
from envs.box2d.engine.rows import (
    ALL_POINTS,
    ANGLE,
    BODY,
    CONTACTS,
    FACE_B,
    FACE_NORMAL_X,
    FACE_NORMAL_Y,
    FACE_X,
    FACE_Y,
    FIRST_POINT,
    FIRST_SOLVED,
    K_11,
    K_12,
    K_22,
    LEVER_X,
    LEVER_Y,
    LOCAL_X,
    LOCAL_Y,
    MASS_11,
    MASS_12,
    MASS_22,
    NORMAL_IMPULSE,
    NORMAL_MASS,
    NORMAL_X,
    NORMAL_Y,
    OF_FACE_B,
    OF_SLOT,
    OWN_X,
    OWN_Y,
    POINT,
    POINT_X,
    POINT_Y,
    POINTS,
    PUSH,
    RUB,
    SLOTS,
    SOLVED,
    SOLVED_POINTS,
    SPIN,
    TANGENT_IMPULSE,
    TANGENT_MASS,
    TOUCHES,
    TOUCHING,
    VELOCITY_X,
    VELOCITY_Y,
    WORLD_NORMAL_X,
    WORLD_NORMAL_Y,
    X,
    Y,
)
from envs.box2d.engine.scene import CENTER_X, CENTER_Y, INVERSE_INERTIA, INVERSE_MASS
from envs.box2d.engine.sines import sine_and_cosine
from envs.box2d.engine.vectors import LANES, any_lane, clamp, load, maximum, minimum, select, spread, store
from wann.kernels.jit import elementwise, inner

f32 = np.float32
i64: Any = np.int64

LINEAR_SLOP = f32(0.005)
BAUMGARTE, IMPACT_BAUMGARTE = f32(0.2), f32(0.75)
_SKIN = f32(0.01)  # radius of a polygon's or an edge's skin
_MAX_LINEAR_CORRECTION = f32(0.2)
_MAX_CONDITION = f32(1000)


@inner
def pack(state, at, tables, body, lane, number, slot, warm):
    """Copy the manifold in a slot of one lane to the ``number``-th contact to solve, with impulses times ``warm``."""
    contact = slot_row(at, tables, body, slot) * LANES + lane
    solved = solver_row(at, tables, body, number) * LANES + lane
    points = state[contact + POINTS * LANES]
    state[solved + OF_SLOT * LANES] = f32(slot)
    state[solved + ALL_POINTS * LANES] = points
    state[solved + OF_FACE_B * LANES] = state[contact + FACE_B * LANES]
    state[solved + FACE_NORMAL_X * LANES] = state[contact + NORMAL_X * LANES]
    state[solved + FACE_NORMAL_Y * LANES] = state[contact + NORMAL_Y * LANES]
    state[solved + FACE_X * LANES] = state[contact + POINT_X * LANES]
    state[solved + FACE_Y * LANES] = state[contact + POINT_Y * LANES]
    for p in range(2):
        own = contact + (FIRST_POINT + POINT * p) * LANES
        other = solved + (FIRST_SOLVED + SOLVED * p) * LANES
        there = f32(p) < points
        state[other + OWN_X * LANES] = state[own + LOCAL_X * LANES] if there else f32(0)
        state[other + OWN_Y * LANES] = state[own + LOCAL_Y * LANES] if there else f32(0)
        state[other + PUSH * LANES] = warm * state[own + NORMAL_IMPULSE * LANES] if there else f32(0)
        state[other + RUB * LANES] = warm * state[own + TANGENT_IMPULSE * LANES] if there else f32(0)


@inner
def pack_nothing(state, at, tables, body):
    """Begin to pack: no lane has a contact of the body to be solved."""
    for number in range(SLOTS):
        solved = solver_row(at, tables, body, number)
        store(state, solved + OF_SLOT, f32(-1))
        store(state, solved + ALL_POINTS, f32(0))


@inner
def pack_touching(state, at, tables, body):
    """Pack the touching contacts of a body in all lanes. Returns the largest number of them in a lane."""
    contacts, touches = contact_row(at, tables, body) + CONTACTS, contact_row(at, tables, body) + TOUCHES
    store(state, touches, f32(0))
    if not any_lane(load(state, contacts) > f32(0)):
        return 0
    pack_nothing(state, at, tables, body)
    most = i64(0)
    for lane in range(LANES):
        number = i64(0)
        for slot in range(int(state[contacts * LANES + lane])):
            if state[(slot_row(at, tables, body, slot) + TOUCHING) * LANES + lane] > f32(0):
                pack(state, at, tables, body, lane, number, slot, f32(1))
                number += 1
        state[touches * LANES + lane] = f32(number)
        most = max(most, number)
    return most


@inner
def begin_contact(state, at, tables, body, number):
    """b2ContactSolver::InitializeVelocityConstraints for one contact of each lane.

    Returns True if any lane has two points to solve.
    """
    row, solved = at + BODY * body, solver_row(at, tables, body, number)
    mass, inertia = tables.bodies[body, INVERSE_MASS], tables.bodies[body, INVERSE_INERTIA]
    x, y = load(state, row + X), load(state, row + Y)
    sin, cos = sine_and_cosine(load(state, row + ANGLE))
    center_x, center_y = tables.bodies[body, CENTER_X], tables.bodies[body, CENTER_Y]
    x0, y0 = x - (cos * center_x - sin * center_y), y - (sin * center_x + cos * center_y)
    of_b = load(state, solved + OF_FACE_B) > f32(0)
    points = load(state, solved + ALL_POINTS)

    local_nx, local_ny = load(state, solved + FACE_NORMAL_X), load(state, solved + FACE_NORMAL_Y)
    local_x, local_y = load(state, solved + FACE_X), load(state, solved + FACE_Y)
    nx = select(of_b, cos * local_nx - sin * local_ny, local_nx)
    ny = select(of_b, sin * local_nx + cos * local_ny, local_ny)
    plane_x = select(of_b, (cos * local_x - sin * local_y) + x0, local_x)
    plane_y = select(of_b, (sin * local_x + cos * local_y) + y0, local_y)
    # Levers of both points, from half way between the skins. The face's normal may point either way for that.
    outer = select(of_b, -nx, nx), select(of_b, -ny, ny)
    store(state, solved + WORLD_NORMAL_X, outer[0])
    store(state, solved + WORLD_NORMAL_Y, outer[1])
    first = _begin_point(state, solved + FIRST_SOLVED, of_b, sin, cos, x, y, x0, y0, nx, ny, plane_x, plane_y, outer)
    second = _begin_point(
        state, solved + FIRST_SOLVED + SOLVED, of_b, sin, cos, x, y, x0, y0, nx, ny, plane_x, plane_y, outer
    )
    k_11 = mass + inertia * first * first
    k_22 = mass + inertia * second * second
    k_12 = mass + inertia * first * second
    determinant = k_11 * k_22 - k_12 * k_12
    two = (points >= f32(2)) & (k_11 * k_11 < _MAX_CONDITION * determinant)
    inverse = select(determinant != f32(0), f32(1) / determinant, determinant)
    store(state, solved + SOLVED_POINTS, select(two, f32(2), minimum(points, spread(f32(1)))))
    store(state, solved + K_11, select(two, k_11, f32(0)))
    store(state, solved + K_12, select(two, k_12, f32(0)))
    store(state, solved + K_22, select(two, k_22, f32(0)))
    store(state, solved + MASS_11, select(two, inverse * k_22, f32(0)))
    store(state, solved + MASS_12, select(two, -inverse * k_12, f32(0)))
    store(state, solved + MASS_22, select(two, inverse * k_11, f32(0)))
    _finish_point(state, solved + FIRST_SOLVED, points >= f32(1), mass, inertia, first, outer)
    _finish_point(state, solved + FIRST_SOLVED + SOLVED, two, mass, inertia, second, outer)
    return any_lane(two)


@elementwise
def _begin_point(state, point, of_b, sin, cos, x, y, x0, y0, nx, ny, plane_x, plane_y, outer):
    """b2WorldManifold::Initialize for one point. Writes its lever; returns the lever across the normal."""
    own_x, own_y = load(state, point + OWN_X), load(state, point + OWN_Y)
    clip_x = select(of_b, own_x, (cos * own_x - sin * own_y) + x0)
    clip_y = select(of_b, own_y, (sin * own_x + cos * own_y) + y0)
    distance = _SKIN - ((clip_x - plane_x) * nx + (clip_y - plane_y) * ny)
    lever_x = f32(0.5) * ((clip_x + distance * nx) + (clip_x - _SKIN * nx)) - x
    lever_y = f32(0.5) * ((clip_y + distance * ny) + (clip_y - _SKIN * ny)) - y
    store(state, point + LEVER_X, lever_x)
    store(state, point + LEVER_Y, lever_y)
    return lever_x * outer[1] - lever_y * outer[0]


@elementwise
def _finish_point(state, point, there, mass, inertia, across, outer):
    """Effective masses of a point; zeros where it is not solved."""
    lever_x, lever_y = load(state, point + LEVER_X), load(state, point + LEVER_Y)
    along = lever_x * -outer[0] - lever_y * outer[1]
    normal, tangent = mass + inertia * across * across, mass + inertia * along * along
    store(state, point + NORMAL_MASS, select(there, f32(1) / normal, f32(0)))
    store(state, point + TANGENT_MASS, select(there, f32(1) / tangent, f32(0)))


@inner
def warm_start(state, at, tables, body, number):
    """b2ContactSolver::WarmStart: the impulses of the last step."""
    row, solved = at + BODY * body, solver_row(at, tables, body, number)
    mass, inertia = tables.bodies[body, INVERSE_MASS], tables.bodies[body, INVERSE_INERTIA]
    nx, ny = load(state, solved + WORLD_NORMAL_X), load(state, solved + WORLD_NORMAL_Y)
    vx, vy, w = load(state, row + VELOCITY_X), load(state, row + VELOCITY_Y), load(state, row + SPIN)
    points = load(state, solved + SOLVED_POINTS)
    for p in range(2):
        point = solved + FIRST_SOLVED + SOLVED * p
        push, rub = load(state, point + PUSH), load(state, point + RUB)
        px, py = push * nx + rub * ny, push * ny + rub * -nx
        there = points > f32(p)
        w = select(there, w + inertia * (load(state, point + LEVER_X) * py - load(state, point + LEVER_Y) * px), w)
        vx, vy = select(there, vx + mass * px, vx), select(there, vy + mass * py, vy)
    store(state, row + VELOCITY_X, vx)
    store(state, row + VELOCITY_Y, vy)
    store(state, row + SPIN, w)


@elementwise
def _rub(state, point, friction, mass, inertia, nx, ny, vx, vy, w, there):
    """Friction at one point: the velocity along the tangent is stopped, as far as the normal impulse allows."""
    tx, ty = ny, -nx
    lever_x, lever_y = load(state, point + LEVER_X), load(state, point + LEVER_Y)
    slide = (vx - w * lever_y) * tx + (vy + w * lever_x) * ty
    before = load(state, point + RUB)
    most = friction * load(state, point + PUSH)
    rub = clamp(before + load(state, point + TANGENT_MASS) * -slide, -most, most)
    store(state, point + RUB, select(there, rub, before))
    change = rub - before
    px, py = change * tx, change * ty
    return (
        select(there, vx + mass * px, vx),
        select(there, vy + mass * py, vy),
        select(there, w + inertia * (lever_x * py - lever_y * px), w),
    )


@inner
def solve_contact_velocity(state, at, tables, body, number, any_two):
    """b2ContactSolver::SolveVelocityConstraints for one contact of each lane: friction, then the normal.

    Two points are solved as a block: the first of the four cases that fits. ``any_two`` must be 1 if any lane has
    two.
    """
    row, solved = at + BODY * body, solver_row(at, tables, body, number)
    mass, inertia = tables.bodies[body, INVERSE_MASS], tables.bodies[body, INVERSE_INERTIA]
    friction = tables.friction[body]
    nx, ny = load(state, solved + WORLD_NORMAL_X), load(state, solved + WORLD_NORMAL_Y)
    vx, vy, w = load(state, row + VELOCITY_X), load(state, row + VELOCITY_Y), load(state, row + SPIN)
    points = load(state, solved + SOLVED_POINTS)
    there, two = points > f32(0), points > f32(1)
    p, q = solved + FIRST_SOLVED, solved + FIRST_SOLVED + SOLVED
    vx, vy, w = _rub(state, p, friction, mass, inertia, nx, ny, vx, vy, w, there)
    if any_two > 0:
        vx, vy, w = _rub(state, q, friction, mass, inertia, nx, ny, vx, vy, w, two)
    px, py = load(state, p + LEVER_X), load(state, p + LEVER_Y)
    p_before, p_mass = load(state, p + PUSH), load(state, p + NORMAL_MASS)
    p_speed = (vx - w * py) * nx + (vy + w * px) * ny
    one_push = maximum(p_before - p_mass * p_speed, spread(f32(0)))
    if any_two > 0:
        qx, qy = load(state, q + LEVER_X), load(state, q + LEVER_Y)
        q_before = load(state, q + PUSH)
        q_speed = (vx - w * qy) * nx + (vy + w * qx) * ny
        p_push, q_push = _block(
            state, solved, p_speed, q_speed, p_before, q_before, p_mass, load(state, q + NORMAL_MASS)
        )
        p_push, q_push = select(two, p_push, one_push), select(two, q_push, q_before)
        p_change, q_change = p_push - p_before, q_push - q_before
        p_x, p_y, q_x, q_y = p_change * nx, p_change * ny, q_change * nx, q_change * ny
        turn = px * p_y - py * p_x
        sum_x, sum_y = select(two, p_x + q_x, p_x), select(two, p_y + q_y, p_y)
        turn = select(two, turn + (qx * q_y - qy * q_x), turn)
        store(state, q + PUSH, q_push)
    else:
        p_push = one_push
        p_change = p_push - p_before
        sum_x, sum_y = p_change * nx, p_change * ny
        turn = px * sum_y - py * sum_x
    store(state, p + PUSH, select(there, p_push, p_before))
    store(state, row + VELOCITY_X, select(there, vx + mass * sum_x, vx))
    store(state, row + VELOCITY_Y, select(there, vy + mass * sum_y, vy))
    store(state, row + SPIN, select(there, w + inertia * turn, w))


@elementwise
def _block(state, solved, p_speed, q_speed, p_before, q_before, p_mass, q_mass):
    """Both normal impulses so that no point approaches, none pulls, and none pushes where the points part."""
    k_11, k_12, k_22 = load(state, solved + K_11), load(state, solved + K_12), load(state, solved + K_22)
    bx = p_speed - (k_11 * p_before + k_12 * q_before)
    by = q_speed - (k_12 * p_before + k_22 * q_before)
    mass_12 = load(state, solved + MASS_12)
    both_p = -(load(state, solved + MASS_11) * bx + mass_12 * by)
    both_q = -(mass_12 * bx + load(state, solved + MASS_22) * by)
    both = (both_p >= f32(0)) & (both_q >= f32(0))
    only_p = -p_mass * bx
    first = (only_p >= f32(0)) & (k_12 * only_p + by >= f32(0))
    only_q = -q_mass * by
    second = (only_q >= f32(0)) & (k_12 * only_q + bx >= f32(0))
    neither = (bx >= f32(0)) & (by >= f32(0))
    p = select(both, both_p, select(first, only_p, select(second | neither, f32(0), p_before)))
    q = select(both, both_q, select(first, f32(0), select(second, only_q, select(neither, f32(0), q_before))))
    return p, q


@inner
def keep_impulses(state, at, tables, body, number):
    """b2ContactSolver::StoreImpulses, into the slots."""
    solved = solver_row(at, tables, body, number) * LANES
    for lane in range(LANES):
        slot = int(state[solved + OF_SLOT * LANES + lane])
        for p in range(int(state[solved + SOLVED_POINTS * LANES + lane])):
            own = (slot_row(at, tables, body, slot) + FIRST_POINT + POINT * p) * LANES + lane
            other = solved + (FIRST_SOLVED + SOLVED * p) * LANES + lane
            state[own + NORMAL_IMPULSE * LANES] = state[other + PUSH * LANES]
            state[own + TANGENT_IMPULSE * LANES] = state[other + RUB * LANES]


@inner
def solve_contact_position(state, at, tables, body, number, active, baumgarte):
    """b2ContactSolver::SolvePositionConstraints for one contact of each ``active`` lane.

    Returns the smallest separation of its points, 0 where there is none.
    """
    row, solved = at + BODY * body, solver_row(at, tables, body, number)
    mass, inertia = tables.bodies[body, INVERSE_MASS], tables.bodies[body, INVERSE_INERTIA]
    center_x, center_y = tables.bodies[body, CENTER_X], tables.bodies[body, CENTER_Y]
    of_b, points = load(state, solved + OF_FACE_B) > f32(0), load(state, solved + ALL_POINTS)
    local_nx, local_ny = load(state, solved + FACE_NORMAL_X), load(state, solved + FACE_NORMAL_Y)
    local_x, local_y = load(state, solved + FACE_X), load(state, solved + FACE_Y)
    smallest = spread(f32(0))
    for p in range(2):
        point = solved + FIRST_SOLVED + SOLVED * p
        there = points > f32(p)
        if not any_lane(there & active):
            break
        x, y, angle = load(state, row + X), load(state, row + Y), load(state, row + ANGLE)
        sin, cos = sine_and_cosine(angle)
        x0, y0 = x - (cos * center_x - sin * center_y), y - (sin * center_x + cos * center_y)
        own_x, own_y = load(state, point + OWN_X), load(state, point + OWN_Y)
        clip_x = select(of_b, own_x, (cos * own_x - sin * own_y) + x0)
        clip_y = select(of_b, own_y, (sin * own_x + cos * own_y) + y0)
        nx = select(of_b, cos * local_nx - sin * local_ny, local_nx)
        ny = select(of_b, sin * local_nx + cos * local_ny, local_ny)
        plane_x = select(of_b, (cos * local_x - sin * local_y) + x0, local_x)
        plane_y = select(of_b, (sin * local_x + cos * local_y) + y0, local_y)
        separation = ((clip_x - plane_x) * nx + (clip_y - plane_y) * ny) - _SKIN - _SKIN
        nx, ny = select(of_b, -nx, nx), select(of_b, -ny, ny)
        lever_x, lever_y = clip_x - x, clip_y - y
        smallest = select(there, minimum(smallest, separation), smallest)
        error = clamp(baumgarte * (separation + LINEAR_SLOP), -_MAX_LINEAR_CORRECTION, spread(f32(0)))
        across = lever_x * ny - lever_y * nx
        impulse = -error / (mass + inertia * across * across)
        px, py = impulse * nx, impulse * ny
        moves = there & active
        store(state, row + X, select(moves, x + mass * px, x))
        store(state, row + Y, select(moves, y + mass * py, y))
        store(state, row + ANGLE, select(moves, angle + inertia * (lever_x * py - lever_y * px), angle))
    return smallest
