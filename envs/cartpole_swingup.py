"""CartPoleSwingUp: constants, equations and start states, and the batched task.

The cart starts with the pole hanging; the return counts how long and how well it stands upright near
the middle of the track. Equations as in Gaier & Ha 2019 (after Deisenroth's pendulum on a cart); theta = 0
is upright. `envs.cartpole_swingup_env` is the same task as a Gymnasium environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Weights, check_networks, lane_grid, weight_table
from wann.errors import UserError
from wann.forward import forward_lanes
from wann.network import Network, Networks

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
    """(cos theta + 1)/2 * cos(pi/2 x/2.4), of the state that a step led to."""
    return (np.cos(state[..., 2]) + 1) / 2 * np.cos(np.pi / 2 * state[..., 0] / TRACK_LIMIT)


def off_track(state: NDArray) -> NDArray:
    """Whether the episode ends: |x| > 2.4."""
    return np.abs(state[..., 0]) > TRACK_LIMIT


@lru_cache(maxsize=4096)
def seeded_start(seed: int, hard: bool) -> tuple[float, ...]:
    """The start that ``env.reset(seed=seed)`` gives."""
    return tuple(start_state(np.random.Generator(np.random.PCG64(seed)), hard))


@dataclass(frozen=True)
class CartPoleSwingUp:
    """The batched task; see `envs.task.Task`.

    Options: ``max_steps`` shortens episodes, ``hard`` draws the wide start states.
    """

    max_steps: int = EPISODE_STEPS
    hard: bool = False

    name: ClassVar[str] = "cartpole_swingup"
    num_inputs: ClassVar[int] = len(INPUT_NAMES)
    num_outputs: ClassVar[int] = len(OUTPUT_NAMES)
    input_names: ClassVar[tuple[str, ...]] = INPUT_NAMES
    output_names: ClassVar[tuple[str, ...]] = OUTPUT_NAMES
    simulator: ClassVar[str] = "lane kernels, float32"

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise UserError(f"task.max_steps: expected at least 1, found {self.max_steps}")

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        from envs import cartpole_kernels

        check_networks(self, networks)
        weight_index, lane_seeds = lane_grid(weights, seeds)
        starts = np.array([seeded_start(seed, self.hard) for seed in lane_seeds.ravel().tolist()], np.float32).T
        table, individual = weight_table(networks, weights)
        values = np.zeros((len(networks), lane_seeds.size), np.float32)
        steps = np.zeros(values.shape, np.int64)
        cartpole_kernels.simulate(
            networks.program_arrays(),
            np.ascontiguousarray(starts),
            np.ascontiguousarray(table[:, weight_index.ravel()]),
            individual,
            self.max_steps,
            values,
            steps,
        )
        shape = (len(networks), *lane_seeds.shape)
        return Returns(values.astype(np.float64).reshape(shape), steps.reshape(shape))

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """One network in float64, every lane stepped by the equations above."""
        check_networks(self, network)
        weights = np.asarray(weights, np.float64)
        weight_index, lane_seeds = lane_grid(weights if weights.ndim == 1 else [weights], seeds)
        lane_weights = weights[weight_index.ravel()]
        state = np.array([seeded_start(seed, self.hard) for seed in lane_seeds.ravel().tolist()])
        alive = np.ones(len(state), bool)
        returns, steps = np.zeros(len(state)), np.zeros(len(state), np.int64)
        for _ in range(self.max_steps):
            action = forward_lanes(network, lane_weights, observe(state))[:, 0]
            state = np.where(alive[:, None], step(state, action), state)
            returns += np.where(alive, reward(state), 0)
            steps += alive
            alive &= ~off_track(state)
            if not alive.any():
                break
        return Returns(returns.reshape(1, *lane_seeds.shape), steps.reshape(1, *lane_seeds.shape))
