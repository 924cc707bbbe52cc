"""CartPoleSwingUp: constants, equations in float64, and start states.

The cart starts with the pole hanging. The return measures how long and how well the pole stands upright near the middle
of the track. The equations are those of Gaier & Ha 2019 (after Deisenroth's pendulum on a cart); theta = 0 is upright.
The environment, the task's oracle and the lane kernels all use this file.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

GRAVITY = 9.82  # m/s^2
CART_MASS = 0.5  # kg
POLE_MASS = 0.5  # kg
POLE_LENGTH = 0.6  # m
FRICTION = 0.1  # N/(m/s)
FORCE = 10.0  # N at full action
TIME_STEP = 0.01  # s
TRACK_LIMIT = 2.4  # m
EPISODE_STEPS = 1000
START_SPREAD = 0.2  # standard deviation of each start coordinate
INPUT_NAMES = ("cart position", "cart velocity", "cos pole angle", "sin pole angle", "pole velocity")
NOT_VELOCITIES = (0, 2, 3)  # of the inputs
OUTPUT_NAMES = ("force",)


def start_state(rng: np.random.Generator, hard: bool = False) -> NDArray[np.float64]:
    """Draw [x, x', theta, theta'].

    The usual start is N([0, 0, pi, 0], 0.2). The hard start, for pictures of robustness, is uniform in
    x +-2.4, x' +-10, theta pi +- pi/2, theta' +-10.
    """
    if hard:
        reach = np.array([TRACK_LIMIT, 10, np.pi / 2, 10])
        return np.array([0, 0, np.pi, 0]) + rng.uniform(-reach, reach)
    return rng.normal([0, 0, np.pi, 0], START_SPREAD)


def derivatives(state: NDArray, action: NDArray) -> tuple[NDArray, NDArray]:
    """Accelerations (x'', theta'') of states [..., 4] under actions [...], clipped to +-1."""
    velocity, angle, spin = state[..., 1], state[..., 2], state[..., 3]
    sin, cos = np.sin(angle), np.cos(angle)
    force = FORCE * np.clip(action, -1, 1)
    mass, mass_length = CART_MASS + POLE_MASS, POLE_MASS * POLE_LENGTH
    push = force - FRICTION * velocity
    x_acceleration = (-2 * mass_length * spin**2 * sin + 3 * POLE_MASS * GRAVITY * sin * cos + 4 * push) / (
        4 * mass - 3 * POLE_MASS * cos**2
    )
    angle_acceleration = (-3 * mass_length * spin**2 * sin * cos + 6 * mass * GRAVITY * sin + 6 * push * cos) / (
        4 * POLE_LENGTH * mass - 3 * mass_length * cos**2
    )
    return x_acceleration, angle_acceleration


def step(state: NDArray, action: NDArray) -> NDArray:
    """Explicit Euler: positions advance with the old velocities. States [..., 4], actions [...]."""
    x_acceleration, angle_acceleration = derivatives(state, action)
    rate = np.stack([state[..., 1], x_acceleration, state[..., 3], angle_acceleration], axis=-1)
    return state + TIME_STEP * rate


def observe(state: NDArray) -> NDArray:
    """[x, x', cos theta, sin theta, theta'] of states [..., 4]."""
    x, velocity, angle, spin = np.moveaxis(state, -1, 0)
    return np.stack([x, velocity, np.cos(angle), np.sin(angle), spin], axis=-1)


def reward(state: NDArray) -> NDArray:
    """The reward (cos theta + 1)/2 * cos(pi/2 x/2.4) of the state after a step."""
    return (np.cos(state[..., 2]) + 1) / 2 * np.cos(np.pi / 2 * state[..., 0] / TRACK_LIMIT)


def off_track(state: NDArray) -> NDArray:
    """True where the episode ends: |x| > 2.4."""
    return np.abs(state[..., 0]) > TRACK_LIMIT


@lru_cache(maxsize=4096)
def seeded_start(seed: int, hard: bool) -> tuple[float, ...]:
    """The start state that ``env.reset(seed=seed)`` gives."""
    return tuple(start_state(np.random.Generator(np.random.PCG64(seed)), hard))
