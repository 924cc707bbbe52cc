"""Cars in lanes: one step of CarRacing's episodes, physics, tiles and rewards.

A car is a lane: a column of the engine's state in its group of 16, and a row of every other array. Lanes do not know
of each other, so a car drives the same in any company. Numbers that Gymnasium holds in float64 are float64.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.bodies import place
from envs.box2d.engine.island import step_joints
from envs.box2d.engine.rows import (
    ANGLE,
    BODY,
    COS,
    FORCE_X,
    FORCE_Y,
    JOINT,
    MAX_TORQUE,
    MOTOR_SPEED,
    ORIGIN_X,
    ORIGIN_Y,
    SIN,
    SPIN,
    VELOCITY_X,
    VELOCITY_Y,
)
from envs.box2d.engine.vectors import LANES
from envs.box2d.racer import pose
from envs.box2d.racer.car import HULL, JOINTS, NUM_BODIES, NUM_JOINTS, SCENE, WHEEL_PLACES, WHEELS
from envs.box2d.racer.tiles import CELLS, cell_of, make_scratch, wheel_touches
from envs.box2d.racer.track import BETA, PLAYFIELD, X, Y
from envs.box2d.racer.tyres import TIME_STEP, driven, grip, motor_speed, next_gas
from wann.kernels.jit import inner, jit

f32 = np.float32

_JOINTS_AT = BODY * NUM_BODIES
ROWS = _JOINTS_AT + JOINT * NUM_JOINTS

# Columns of `Cars.progress`.
GAS, REWARD, REWARD_BEFORE, VISITED, LAP = range(5)

MAX_STEPS = 1000
FRAME_COST, ROAD_REWARD, FIELD_LEFT = 0.1, 1000.0, -100.0
_LAP_SHARE = 0.95
# How a step ended an episode, if it did.
GOES_ON, FINISHED, LEFT_FIELD = 0, 1, 2


class Cars(NamedTuple):
    """The state of lanes, L of them in whole groups.

    Attributes:
        physics: [groups, ROWS * 16] float32, the engine's.
        progress: [L, 5] float64: gas, total reward as Gymnasium counts it, the same before the step, number of tiles
            visited, 1 if a lap was completed in a way that only a car can that did not start on tile 0.
        on_road: [L, 4] bool, wheels that touched a tile at the beginning of the last step.
        visited: [L, most tiles] bool.
        track: [L] int64, the track of each car.
        poses: [L, POSE] float64; see `envs.box2d.racer.pose`.
    """

    physics: NDArray[np.float32]
    progress: NDArray[np.float64]
    on_road: NDArray[np.bool_]
    visited: NDArray[np.bool_]
    track: NDArray[np.int64]
    poses: NDArray[np.float64]

    @classmethod
    def make(cls, count: int, most_tiles: int) -> Self:
        """Room for at least so many cars."""
        groups = -(-count // LANES)
        lanes = groups * LANES
        return cls(
            np.zeros((groups, ROWS * LANES), np.float32),
            np.zeros((lanes, 5)),
            np.zeros((lanes, 4), np.bool_),
            np.zeros((lanes, most_tiles), np.bool_),
            np.zeros(lanes, np.int64),
            np.zeros((lanes, pose.POSE)),
        )


@jit
def put(cars, tables, lane, track, first_point):
    """Put a new car on its track, as Gymnasium's reset does before its first step.

    ``first_point`` [4] is that of the track.
    """
    state, l = cars.physics[lane // LANES], lane % LANES
    for row in range(ROWS):
        state[row * LANES + l] = f32(0)
    angle = f32(first_point[BETA])
    place(state, 0, tables.bodies, HULL, l, f32(first_point[X]), f32(first_point[Y]), angle)
    for w in range(4):
        x, y = f32(first_point[X] + WHEEL_PLACES[w, 0]), f32(first_point[Y] + WHEEL_PLACES[w, 1])
        place(state, 0, tables.bodies, WHEELS[w], l, x, y, angle)
        state[(_JOINTS_AT + JOINT * JOINTS[w] + MAX_TORQUE) * LANES + l] = _MAX_TORQUE
    cars.progress[lane, :] = 0
    cars.on_road[lane, :] = False
    cars.visited[lane, :] = False
    cars.track[lane] = track
    cars.poses[lane, :] = 0


_MAX_TORQUE = SCENE.tables.joints[0, -1]


@jit
def copy_car(source, source_lane, cars, lane):
    """Make the car of a lane a copy of another one, which may belong to other `Cars`."""
    state, l = cars.physics[lane // LANES], lane % LANES
    from_state, from_l = source.physics[source_lane // LANES], source_lane % LANES
    for row in range(ROWS):
        state[row * LANES + l] = from_state[row * LANES + from_l]
    cars.progress[lane, :] = source.progress[source_lane]
    cars.on_road[lane, :] = source.on_road[source_lane]
    cars.visited[lane, :] = source.visited[source_lane]
    cars.track[lane] = source.track[source_lane]
    cars.poses[lane, :] = source.poses[source_lane]


@jit
def step_cars(cars, tables, tiles, wheel, actions, count, ends):
    """Step the first ``count`` cars once.

    Args:
        cars: see `Cars`.
        tables: of `envs.box2d.racer.car.SCENE`.
        tiles: arrays of `envs.box2d.racer.tiles.Tiles`.
        wheel: [4, 2] float32 corners of a wheel.
        actions: [L, 3] float32 steer, gas, brake, within the bounds of Gymnasium's.
        count: lanes to step.
        ends: [L] int64, written: `GOES_ON`, `FINISHED` or `LEFT_FIELD`.
    """
    limited, scratch = np.zeros(NUM_JOINTS, np.bool_), make_scratch()
    for group in range((count + LANES - 1) // LANES):
        state = cars.physics[group]
        first, lanes = group * LANES, min(LANES, count - group * LANES)
        for l in range(lanes):
            _drive(state, l, cars.progress, cars.on_road, cars.poses, first + l, actions)
        for l in range(lanes):
            _visit(state, l, cars, tiles, wheel, first + l, scratch)
        step_joints(state, 0, tables, limited)
        for l in range(lanes):
            _show(state, l, cars.poses, first + l)
            ends[first + l] = _end(cars, tiles[0], first + l)


@inner
def _drive(state, l, progress, on_road, poses, lane, actions):
    """Engine, brakes, tyres and steering of one car, before the physics."""
    steer, brake = -np.float64(actions[lane, 0]), np.float64(actions[lane, 2])
    progress[lane, GAS] = next_gas(progress[lane, GAS], np.float64(actions[lane, 1]))
    hull_angle = state[(BODY * HULL + ANGLE) * LANES + l]
    for w in range(4):
        row = BODY * WHEELS[w]
        angle = np.float64(state[(row + ANGLE) * LANES + l] - hull_angle)
        speed = motor_speed(steer if w < 2 else 0.0, angle)
        state[(_JOINTS_AT + JOINT * JOINTS[w] + MOTOR_SPEED) * LANES + l] = f32(speed)
        omega = driven(poses[lane, pose.OMEGAS + w], progress[lane, GAS] if w >= 2 else 0.0, brake)
        poses[lane, pose.PHASES + w] += omega * TIME_STEP
        omega, force_x, force_y = grip(
            omega,
            on_road[lane, w],
            np.float64(state[(row + SIN) * LANES + l]),
            np.float64(state[(row + COS) * LANES + l]),
            np.float64(state[(row + VELOCITY_X) * LANES + l]),
            np.float64(state[(row + VELOCITY_Y) * LANES + l]),
        )
        poses[lane, pose.OMEGAS + w] = omega
        state[(row + FORCE_X) * LANES + l] = f32(force_x)
        state[(row + FORCE_Y) * LANES + l] = f32(force_y)


@inner
def _visit(state, l, cars, tiles, wheel, lane, scratch):
    """Find the tiles that the wheels touch, and reward new ones."""
    first, corners, planes, cells, found = tiles
    track = cars.track[lane]
    num_tiles = first[track + 1] - first[track]
    for w in range(4):
        row = BODY * WHEELS[w]
        x, y = state[(row + ORIGIN_X) * LANES + l], state[(row + ORIGIN_Y) * LANES + l]
        sine, cosine = state[(row + SIN) * LANES + l], state[(row + COS) * LANES + l]
        cell = cell_of(y) * CELLS + cell_of(x)
        on_road = False
        for f in range(cells[track, cell + 1] - 1, cells[track, cell] - 1, -1):
            tile = found[f]
            if on_road and cars.visited[lane, tile]:
                continue
            if wheel_touches(scratch, corners, planes, first[track] + tile, wheel, x, y, sine, cosine):
                on_road = True
                if not cars.visited[lane, tile]:
                    _count(cars, lane, tile, num_tiles)
        cars.on_road[lane, w] = on_road


@inner
def _count(cars, lane, tile, num_tiles):
    """A tile is visited for the first time."""
    cars.visited[lane, tile] = True
    cars.progress[lane, REWARD] += ROAD_REWARD / num_tiles
    cars.progress[lane, VISITED] += 1
    if tile == 0 and cars.progress[lane, VISITED] / num_tiles > _LAP_SHARE:
        cars.progress[lane, LAP] = 1


@inner
def _show(state, l, poses, lane):
    """Write the pose of a car after the physics."""
    hull = BODY * HULL
    poses[lane, pose.HULL_X] = state[(hull + ORIGIN_X) * LANES + l]
    poses[lane, pose.HULL_Y] = state[(hull + ORIGIN_Y) * LANES + l]
    poses[lane, pose.HULL_ANGLE] = state[(hull + ANGLE) * LANES + l]
    poses[lane, pose.VELOCITY_X] = state[(hull + VELOCITY_X) * LANES + l]
    poses[lane, pose.VELOCITY_Y] = state[(hull + VELOCITY_Y) * LANES + l]
    poses[lane, pose.SPIN] = state[(hull + SPIN) * LANES + l]
    for w in range(4):
        row, column = BODY * WHEELS[w], pose.WHEELS + 3 * w
        poses[lane, column] = state[(row + ORIGIN_X) * LANES + l]
        poses[lane, column + 1] = state[(row + ORIGIN_Y) * LANES + l]
        poses[lane, column + 2] = state[(row + ANGLE) * LANES + l]
    front = BODY * WHEELS[0]
    poses[lane, pose.STEERING] = state[(front + ANGLE) * LANES + l] - state[(hull + ANGLE) * LANES + l]
    poses[lane, pose.TIME] += TIME_STEP


@inner
def _end(cars, first, lane):
    """How this step ends the episode."""
    if max(abs(cars.poses[lane, pose.HULL_X]), abs(cars.poses[lane, pose.HULL_Y])) > PLAYFIELD:
        return LEFT_FIELD
    num_tiles = first[cars.track[lane] + 1] - first[cars.track[lane]]
    finished = cars.progress[lane, VISITED] == num_tiles or cars.progress[lane, LAP] == 1
    return FINISHED if finished else GOES_ON


@inner
def take_reward(cars, lane, end):
    """The reward that Gymnasium gives for the step that was just made."""
    cars.progress[lane, REWARD] -= FRAME_COST
    reward = cars.progress[lane, REWARD] - cars.progress[lane, REWARD_BEFORE]
    cars.progress[lane, REWARD_BEFORE] = cars.progress[lane, REWARD]
    return FIELD_LEFT if end == LEFT_FIELD else reward
