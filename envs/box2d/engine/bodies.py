"""Bodies in lanes: creation, integration, transforms and sleep, as b2Body and b2Island::Solve do them."""

import numpy as np

from envs.box2d.engine.rows import (
    ANGLE,
    ANGLE0,
    AWAKE,
    BODY,
    COS,
    FORCE_X,
    FORCE_Y,
    ORIGIN_X,
    ORIGIN_Y,
    SIN,
    SLEEP_TIME,
    SPIN,
    TORQUE,
    VELOCITY_X,
    VELOCITY_Y,
    X0,
    Y0,
    X,
    Y,
)
from envs.box2d.engine.scene import (
    CENTER_X,
    CENTER_Y,
    GRAVITY_X,
    GRAVITY_Y,
    INVERSE_INERTIA,
    INVERSE_MASS,
    KEPT_SPIN,
    KEPT_VELOCITY,
)
from envs.box2d.engine.sines import scalar_sine_and_cosine, sine_and_cosine
from envs.box2d.engine.vectors import LANES, load, magnitude, minimum, select, spread, square_root, store
from wann.kernels.jit import inner

f32 = np.float32

MAX_TRANSLATION = f32(2)
MAX_ROTATION = f32(f32(0.5) * f32(3.14159265359))
TIME_TO_SLEEP = f32(0.5)
LINEAR_SLEEP_TOLERANCE = f32(0.01)
ANGULAR_SLEEP_TOLERANCE = f32(f32(f32(2.0) / f32(180.0)) * f32(3.14159265359))

_MAX_TRANSLATION_SQUARED = MAX_TRANSLATION * MAX_TRANSLATION
_MAX_ROTATION_SQUARED = MAX_ROTATION * MAX_ROTATION
_LINEAR_SQUARED = LINEAR_SLEEP_TOLERANCE * LINEAR_SLEEP_TOLERANCE
_ANGULAR_SQUARED = ANGULAR_SLEEP_TOLERANCE * ANGULAR_SLEEP_TOLERANCE
_LARGEST = f32(np.finfo(np.float32).max)


@inner
def place(state, at, bodies, body, lane, x, y, angle):
    """b2World::CreateBody in one lane: a body at rest with its origin at (x, y)."""
    row = at + BODY * body
    for r in range(BODY):
        state[(row + r) * LANES + lane] = f32(0)
    sin, cos = scalar_sine_and_cosine(f32(angle))
    center_x, center_y = bodies[body, CENTER_X], bodies[body, CENTER_Y]
    state[(row + ORIGIN_X) * LANES + lane] = x
    state[(row + ORIGIN_Y) * LANES + lane] = y
    state[(row + SIN) * LANES + lane] = sin
    state[(row + COS) * LANES + lane] = cos
    state[(row + ANGLE) * LANES + lane] = angle
    state[(row + ANGLE0) * LANES + lane] = angle
    here_x = (cos * center_x - sin * center_y) + f32(x)
    here_y = (sin * center_x + cos * center_y) + f32(y)
    state[(row + X) * LANES + lane] = here_x
    state[(row + Y) * LANES + lane] = here_y
    state[(row + X0) * LANES + lane] = here_x
    state[(row + Y0) * LANES + lane] = here_y
    state[(row + AWAKE) * LANES + lane] = f32(1)


@inner
def begin_step(state, at, bodies, body, h):
    """The sweep begins here; forces and damping change the velocity, and forces are cleared."""
    row = at + BODY * body
    store(state, row + X0, load(state, row + X))
    store(state, row + Y0, load(state, row + Y))
    store(state, row + ANGLE0, load(state, row + ANGLE))
    mass, inertia = bodies[body, INVERSE_MASS], bodies[body, INVERSE_INERTIA]
    kept = bodies[body, KEPT_VELOCITY]
    x = load(state, row + VELOCITY_X) + h * (bodies[body, GRAVITY_X] + mass * load(state, row + FORCE_X))
    y = load(state, row + VELOCITY_Y) + h * (bodies[body, GRAVITY_Y] + mass * load(state, row + FORCE_Y))
    spin = load(state, row + SPIN) + (h * inertia) * load(state, row + TORQUE)
    store(state, row + VELOCITY_X, x * kept)
    store(state, row + VELOCITY_Y, y * kept)
    store(state, row + SPIN, spin * bodies[body, KEPT_SPIN])
    store(state, row + FORCE_X, f32(0))
    store(state, row + FORCE_Y, f32(0))
    store(state, row + TORQUE, f32(0))
    store(state, row + AWAKE, f32(1))  # b2RevoluteJoint::SetMotorSpeed, which every step calls, wakes its bodies


@inner
def move(state, at, body, h):
    """Positions follow velocities, which are cut where a body would move 2 m or turn a quarter in one step."""
    row = at + BODY * body
    x, y, spin = load(state, row + VELOCITY_X), load(state, row + VELOCITY_Y), load(state, row + SPIN)
    step_x, step_y = h * x, h * y
    square = step_x * step_x + step_y * step_y
    fast = square > _MAX_TRANSLATION_SQUARED
    ratio = MAX_TRANSLATION / square_root(square)
    x, y = select(fast, x * ratio, x), select(fast, y * ratio, y)
    turn = h * spin
    spin = select(turn * turn > _MAX_ROTATION_SQUARED, spin * (MAX_ROTATION / magnitude(turn)), spin)
    store(state, row + VELOCITY_X, x)
    store(state, row + VELOCITY_Y, y)
    store(state, row + SPIN, spin)
    store(state, row + X, load(state, row + X) + h * x)
    store(state, row + Y, load(state, row + Y) + h * y)
    store(state, row + ANGLE, load(state, row + ANGLE) + h * spin)


@inner
def transform(state, at, bodies, body):
    """b2Body::SynchronizeTransform."""
    row = at + BODY * body
    sin, cos = sine_and_cosine(load(state, row + ANGLE))
    center_x, center_y = bodies[body, CENTER_X], bodies[body, CENTER_Y]
    store(state, row + SIN, sin)
    store(state, row + COS, cos)
    store(state, row + ORIGIN_X, load(state, row + X) - (cos * center_x - sin * center_y))
    store(state, row + ORIGIN_Y, load(state, row + Y) - (sin * center_x + cos * center_y))


@inner
def sleep(state, at, num_bodies, h, solved):
    """Put to sleep the lanes whose bodies all rested for half a second and whose positions are ``solved``.

    Sleeping bodies have no velocity. They sleep until the next step.
    """
    shortest = spread(_LARGEST)
    for body in range(num_bodies):
        row = at + BODY * body
        x, y, spin = load(state, row + VELOCITY_X), load(state, row + VELOCITY_Y), load(state, row + SPIN)
        moving = (spin * spin > _ANGULAR_SQUARED) | (x * x + y * y > _LINEAR_SQUARED)
        time = select(moving, f32(0), load(state, row + SLEEP_TIME) + h)
        store(state, row + SLEEP_TIME, time)
        shortest = minimum(shortest, time)
    asleep = (shortest >= TIME_TO_SLEEP) & solved
    for body in range(num_bodies):
        row = at + BODY * body
        for r in (VELOCITY_X, VELOCITY_Y, SPIN, SLEEP_TIME, AWAKE):
            store(state, row + r, select(asleep, f32(0), load(state, row + r)))
