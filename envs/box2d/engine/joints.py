"""b2RevoluteJoint in lanes, with motor and limit: two points of two bodies coincide, and their angle has a range."""

import numpy as np

from envs.box2d.engine.rows import (
    ANGLE,
    BODY,
    CROSS_X,
    CROSS_Y,
    CROSS_Z,
    IMPULSE_X,
    IMPULSE_Y,
    INVERSE_2,
    INVERSE_3,
    JOINT,
    K_XX,
    K_XY,
    K_XZ,
    K_YY,
    K_YZ,
    LEVER_A_X,
    LEVER_A_Y,
    LEVER_B_X,
    LEVER_B_Y,
    LIMIT,
    LIMIT_IMPULSE,
    MAX_TORQUE,
    MOTOR_IMPULSE,
    MOTOR_SPEED,
    SPIN,
    VELOCITY_X,
    VELOCITY_Y,
    X,
    Y,
)
from envs.box2d.engine.scene import (
    ANCHOR_A_X,
    ANCHOR_A_Y,
    ANCHOR_B_X,
    ANCHOR_B_Y,
    ANGULAR_SLOP,
    INVERSE_INERTIA,
    INVERSE_MASS,
    LOWER,
    REFERENCE,
    UPPER,
)
from envs.box2d.engine.sines import sine_and_cosine
from envs.box2d.engine.vectors import any_lane, clamp, load, select, square_root, store
from wann.kernels.jit import elementwise, inner

f32 = np.float32

LINEAR_SLOP = f32(0.005)
_MAX_ANGULAR_CORRECTION = f32(f32(f32(8.0) / f32(180.0)) * f32(3.14159265359))


@elementwise
def _inverse_or_zero(determinant):
    return select(determinant != f32(0), f32(1) / determinant, determinant)


@inner
def begin_joint(state, at, joints_at, tables, j):
    """b2RevoluteJoint::InitVelocityConstraints. Returns True if the joint is at a limit in any lane.

    Impulses of the last step are applied at once (warm starting; all steps have one length).
    """
    a, b = tables.ends[j, 0], tables.ends[j, 1]
    row_a, row_b, row = at + BODY * a, at + BODY * b, joints_at + JOINT * j
    mass_a, mass_b = tables.bodies[a, INVERSE_MASS], tables.bodies[b, INVERSE_MASS]
    inertia_a, inertia_b = tables.bodies[a, INVERSE_INERTIA], tables.bodies[b, INVERSE_INERTIA]
    angle_a, angle_b = load(state, row_a + ANGLE), load(state, row_b + ANGLE)
    ax, ay = _turned(angle_a, tables.joints[j, ANCHOR_A_X], tables.joints[j, ANCHOR_A_Y])
    bx, by = _turned(angle_b, tables.joints[j, ANCHOR_B_X], tables.joints[j, ANCHOR_B_Y])
    store(state, row + LEVER_A_X, ax)
    store(state, row + LEVER_A_Y, ay)
    store(state, row + LEVER_B_X, bx)
    store(state, row + LEVER_B_Y, by)

    # K is symmetric, with columns ex, ey, ez.
    mass = mass_a + mass_b
    xx = mass + ay * ay * inertia_a + by * by * inertia_b
    xy = -ay * ax * inertia_a - by * bx * inertia_b
    xz = -ay * inertia_a - by * inertia_b
    yy = mass + ax * ax * inertia_a + bx * bx * inertia_b
    yz = ax * inertia_a + bx * inertia_b
    zz = inertia_a + inertia_b
    cross_x, cross_y, cross_z = yy * zz - yz * yz, yz * xz - xy * zz, xy * yz - yy * xz
    store(state, row + K_XX, xx)
    store(state, row + K_XY, xy)
    store(state, row + K_XZ, xz)
    store(state, row + K_YY, yy)
    store(state, row + K_YZ, yz)
    store(state, row + CROSS_X, cross_x)
    store(state, row + CROSS_Y, cross_y)
    store(state, row + CROSS_Z, cross_z)
    store(state, row + INVERSE_2, _inverse_or_zero(xx * yy - xy * xy))
    store(state, row + INVERSE_3, _inverse_or_zero(xx * cross_x + xy * cross_y + xz * cross_z))

    # The impulse of a limit survives only where the limit is still the same.
    angle = angle_b - angle_a - tables.joints[j, REFERENCE]
    at_lower, at_upper = angle <= tables.joints[j, LOWER], angle >= tables.joints[j, UPPER]
    limit = select(at_lower, f32(-1), select(at_upper, f32(1), f32(0)))
    same = (limit == load(state, row + LIMIT)) & (limit != f32(0))
    limit_impulse = select(same, load(state, row + LIMIT_IMPULSE), f32(0))
    store(state, row + LIMIT, limit)
    store(state, row + LIMIT_IMPULSE, limit_impulse)

    px, py = load(state, row + IMPULSE_X), load(state, row + IMPULSE_Y)
    motor = load(state, row + MOTOR_IMPULSE)
    store(state, row_a + VELOCITY_X, load(state, row_a + VELOCITY_X) - mass_a * px)
    store(state, row_a + VELOCITY_Y, load(state, row_a + VELOCITY_Y) - mass_a * py)
    store(state, row_a + SPIN, load(state, row_a + SPIN) - inertia_a * (ax * py - ay * px + motor + limit_impulse))
    store(state, row_b + VELOCITY_X, load(state, row_b + VELOCITY_X) + mass_b * px)
    store(state, row_b + VELOCITY_Y, load(state, row_b + VELOCITY_Y) + mass_b * py)
    store(state, row_b + SPIN, load(state, row_b + SPIN) + inertia_b * (bx * py - by * px + motor + limit_impulse))
    return any_lane(limit != f32(0))


@elementwise
def _turned(angle, x, y):
    """A vector of a body, turned by the body's angle."""
    sin, cos = sine_and_cosine(angle)
    return cos * x - sin * y, sin * x + cos * y


@inner
def solve_joint_velocity(state, at, joints_at, tables, j, limited):
    """b2RevoluteJoint::SolveVelocityConstraints: the motor, then the point together with the limit.

    ``limited`` must be True if any lane's joint is at a limit; without limits the rest is the same numbers for less.
    """
    a, b = tables.ends[j, 0], tables.ends[j, 1]
    row_a, row_b, row = at + BODY * a, at + BODY * b, joints_at + JOINT * j
    mass_a, mass_b = tables.bodies[a, INVERSE_MASS], tables.bodies[b, INVERSE_MASS]
    inertia_a, inertia_b = tables.bodies[a, INVERSE_INERTIA], tables.bodies[b, INVERSE_INERTIA]
    vax, vay, wa = load(state, row_a + VELOCITY_X), load(state, row_a + VELOCITY_Y), load(state, row_a + SPIN)
    vbx, vby, wb = load(state, row_b + VELOCITY_X), load(state, row_b + VELOCITY_Y), load(state, row_b + SPIN)
    ax, ay = load(state, row + LEVER_A_X), load(state, row + LEVER_A_Y)
    bx, by = load(state, row + LEVER_B_X), load(state, row + LEVER_B_Y)

    before = load(state, row + MOTOR_IMPULSE)
    most = f32(tables.step) * load(state, row + MAX_TORQUE)
    motor = clamp(before - (f32(1) / (inertia_a + inertia_b)) * (wb - wa - load(state, row + MOTOR_SPEED)), -most, most)
    store(state, row + MOTOR_IMPULSE, motor)
    push = motor - before
    wa = wa - inertia_a * push
    wb = wb + inertia_b * push

    # Velocity of B's point relative to A's.
    cx = vbx - wb * by - vax + wa * ay
    cy = vby + wb * bx - vay - wa * ax
    xx, xy, yy = load(state, row + K_XX), load(state, row + K_XY), load(state, row + K_YY)
    inverse = load(state, row + INVERSE_2)
    if limited:
        limit, kept = load(state, row + LIMIT), load(state, row + LIMIT_IMPULSE)
        xz, yz = load(state, row + K_XZ), load(state, row + K_YZ)
        is_limited = limit != f32(0)
        cz = wb - wa
        whole = load(state, row + INVERSE_3)
        x = -(
            whole
            * (cx * load(state, row + CROSS_X) + cy * load(state, row + CROSS_Y) + cz * load(state, row + CROSS_Z))
        )
        zz = inertia_a + inertia_b
        y = -(whole * (xx * (cy * zz - cz * yz) + xy * (cz * xz - cx * zz) + xz * (cx * yz - cy * xz)))
        z = -(whole * (xx * (yy * cz - yz * cy) + xy * (yz * cx - xy * cz) + xz * (xy * cy - yy * cx)))
        # A limit only pushes. Where it would pull, the impulse so far is taken back and the point is solved alone.
        total = kept + z
        pulls = select(limit < f32(0), total, -total) < f32(0)
        alone = pulls | ~is_limited
        right_x = select(is_limited, -cx + kept * xz, -cx)
        right_y = select(is_limited, -cy + kept * yz, -cy)
        px = select(alone, inverse * (yy * right_x - xy * right_y), x)
        py = select(alone, inverse * (xx * right_y - xy * right_x), y)
        z = select(is_limited, select(pulls, -kept, z), f32(-0.0))
        store(state, row + LIMIT_IMPULSE, select(alone, f32(0), total))
        turn_a, turn_b = (ax * py - ay * px) + z, (bx * py - by * px) + z
    else:
        px, py = inverse * (yy * -cx - xy * -cy), inverse * (xx * -cy - xy * -cx)
        turn_a, turn_b = ax * py - ay * px, bx * py - by * px
    store(state, row + IMPULSE_X, load(state, row + IMPULSE_X) + px)
    store(state, row + IMPULSE_Y, load(state, row + IMPULSE_Y) + py)
    store(state, row_a + VELOCITY_X, vax - mass_a * px)
    store(state, row_a + VELOCITY_Y, vay - mass_a * py)
    store(state, row_a + SPIN, wa - inertia_a * turn_a)
    store(state, row_b + VELOCITY_X, vbx + mass_b * px)
    store(state, row_b + VELOCITY_Y, vby + mass_b * py)
    store(state, row_b + SPIN, wb + inertia_b * turn_b)


@inner
def solve_joint_position(state, at, joints_at, tables, j, active):
    """b2RevoluteJoint::SolvePositionConstraints in the ``active`` lanes. Returns the mask of lanes without an error."""
    a, b = tables.ends[j, 0], tables.ends[j, 1]
    row_a, row_b, row = at + BODY * a, at + BODY * b, joints_at + JOINT * j
    mass_a, mass_b = tables.bodies[a, INVERSE_MASS], tables.bodies[b, INVERSE_MASS]
    inertia_a, inertia_b = tables.bodies[a, INVERSE_INERTIA], tables.bodies[b, INVERSE_INERTIA]
    xa, ya, angle_a = load(state, row_a + X), load(state, row_a + Y), load(state, row_a + ANGLE)
    xb, yb, angle_b = load(state, row_b + X), load(state, row_b + Y), load(state, row_b + ANGLE)
    old_a, old_b = angle_a, angle_b

    # The limit: an angle beyond it is corrected except for some slop, and not too much at once.
    limit = load(state, row + LIMIT)
    angle = angle_b - angle_a - tables.joints[j, REFERENCE]
    below, above = angle - tables.joints[j, LOWER], angle - tables.joints[j, UPPER]
    low = clamp(below + ANGULAR_SLOP, -_MAX_ANGULAR_CORRECTION, f32(0))
    high = clamp(above - ANGULAR_SLOP, f32(0), _MAX_ANGULAR_CORRECTION)
    correction = select(limit < f32(0), low, high)
    is_limited = limit != f32(0)
    impulse = (f32(-1) / (inertia_a + inertia_b)) * correction
    angle_a = select(is_limited, angle_a - inertia_a * impulse, angle_a)
    angle_b = select(is_limited, angle_b + inertia_b * impulse, angle_b)
    angular_error = select(is_limited, select(limit < f32(0), -below, above), f32(0))

    ax, ay = _turned(angle_a, tables.joints[j, ANCHOR_A_X], tables.joints[j, ANCHOR_A_Y])
    bx, by = _turned(angle_b, tables.joints[j, ANCHOR_B_X], tables.joints[j, ANCHOR_B_Y])
    cx, cy = xb + bx - xa - ax, yb + by - ya - ay
    mass = mass_a + mass_b
    xx = mass + inertia_a * ay * ay + inertia_b * by * by
    xy = -inertia_a * ax * ay - inertia_b * bx * by
    yy = mass + inertia_a * ax * ax + inertia_b * bx * bx
    inverse = _inverse_or_zero(xx * yy - xy * xy)
    px, py = -(inverse * (yy * cx - xy * cy)), -(inverse * (xx * cy - xy * cx))
    store(state, row_a + X, select(active, xa - mass_a * px, xa))
    store(state, row_a + Y, select(active, ya - mass_a * py, ya))
    store(state, row_a + ANGLE, select(active, angle_a - inertia_a * (ax * py - ay * px), old_a))
    store(state, row_b + X, select(active, xb + mass_b * px, xb))
    store(state, row_b + Y, select(active, yb + mass_b * py, yb))
    store(state, row_b + ANGLE, select(active, angle_b + inertia_b * (bx * py - by * px), old_b))
    return (square_root(cx * cx + cy * cy) <= LINEAR_SLOP) & (angular_error <= ANGULAR_SLOP)
