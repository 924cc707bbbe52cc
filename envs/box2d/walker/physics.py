"""What Gymnasium's BipedalWalker adds to Box2D: motors, observations with lidar, rewards and ends of episodes.

Gymnasium calculates these in float64 from Box2D's float32, and rounds at certain places. So does this.
"""

import math

import numpy as np

from envs.box2d.engine import ground_rows, group_rows
from envs.box2d.engine.bodies import place
from envs.box2d.engine.collide import enclose
from envs.box2d.engine.ground import BOX_OF_POLYGON, POLYGON_NORMALS, clear_lane
from envs.box2d.engine.places import contact_row, joint_row, lane_row
from envs.box2d.engine.rows import (
    ANGLE,
    BODY,
    FORCE_X,
    GROUND,
    GROUND_INDEX,
    HIT,
    MAX_TORQUE,
    MOTOR_SPEED,
    ORIGIN_X,
    ORIGIN_Y,
    SPIN,
    VELOCITY_X,
    VELOCITY_Y,
)
from envs.box2d.engine.scene import REFERENCE
from envs.box2d.engine.vectors import LANES, load, minimum, select, spread, store
from envs.box2d.walker.scene import (
    FPS,
    HIP_1,
    HIP_2,
    HULL,
    KNEE_1,
    KNEE_2,
    LOWER_1,
    LOWER_2,
    MOTORS_TORQUE,
    SCALE,
    SPEED_HIP,
    SPEED_KNEE,
    TERRAIN_GRASS,
    TERRAIN_LENGTH,
    TERRAIN_STEP,
    walker_scene,
)
from wann.kernels.jit import inner

f32, f64 = np.float32, np.float64

NUM_INPUTS, NUM_OUTPUTS, NUM_RAYS = 24, 4, 10
FALL_REWARD = f32(-100)

_LIDAR_RANGE = 160 / SCALE
_RAYS = np.array(
    [(math.sin(1.5 * i / 10) * _LIDAR_RANGE, math.cos(1.5 * i / 10) * _LIDAR_RANGE) for i in range(NUM_RAYS)]
)
_VIEW = 600 / SCALE, 400 / SCALE
_END = (TERRAIN_LENGTH - TERRAIN_GRASS) * TERRAIN_STEP
_EFFORT = f32(0.00035 * MOTORS_TORQUE)

# Places in the tables.
_HULL, _LOWER_1, _LOWER_2 = (walker_scene().row_of(body) for body in (HULL, LOWER_1, LOWER_2))
_MOTORS = tuple(walker_scene().joint_row_of(joint) for joint in (HIP_1, KNEE_1, HIP_2, KNEE_2))
_HIP_1, _KNEE_1, _HIP_2, _KNEE_2 = _MOTORS
_NUM_BODIES = len(walker_scene().bodies)
ROWS = group_rows(walker_scene()) + ground_rows(walker_scene())


@inner
def start(state, at, tables, grounds, pushes, lane, ground):
    """A walker at the beginning of a ground in one lane, before the first step."""
    clear_lane(state, at, tables, lane, ground)
    for body in range(_NUM_BODIES):
        place(
            state, at, tables.bodies, body, lane, tables.starts[body, 0], tables.starts[body, 1], tables.starts[body, 2]
        )
        enclose(state, at, tables, grounds, body, lane)
    state[(at + BODY * _HULL + FORCE_X) * LANES + lane] = pushes[ground]


@inner
def set_motors(state, at, tables, lane, actions):
    """Torques and directions of the motors of one lane by its actions [4], float32 within +-1."""
    for i in range(NUM_OUTPUTS):
        row = (joint_row(at, tables, _MOTORS[i])) * LANES + lane
        action = actions[i]
        speed = f32(SPEED_HIP if i % 2 == 0 else SPEED_KNEE)
        state[row + MOTOR_SPEED * LANES] = speed if action > f32(0) else (-speed if action < f32(0) else f32(0))
        state[row + MAX_TORQUE * LANES] = f32(MOTORS_TORQUE) * abs(action)


@inner
def observe(state, at, tables, grounds, lane, observation, rays):
    """Write the observation [24] of one lane; ``rays`` [3 * LANES] is work space."""
    hull = (at + BODY * _HULL) * LANES + lane
    observation[0] = state[hull + ANGLE * LANES]
    observation[1] = f32(2.0 * f64(state[hull + SPIN * LANES]) / FPS)
    observation[2] = f32(0.3 * f64(state[hull + VELOCITY_X * LANES]) * _VIEW[0] / FPS)
    observation[3] = f32(0.3 * f64(state[hull + VELOCITY_Y * LANES]) * _VIEW[1] / FPS)
    for leg in range(2):
        hip, knee, lower = (_HIP_1, _KNEE_1, _LOWER_1) if leg == 0 else (_HIP_2, _KNEE_2, _LOWER_2)
        angle, speed = _joint(state, at, tables, hip, lane)
        observation[4 + 5 * leg] = angle
        observation[5 + 5 * leg] = f32(f64(speed) / SPEED_HIP)
        angle, speed = _joint(state, at, tables, knee, lane)
        observation[6 + 5 * leg] = f32(f64(angle) + 1.0)
        observation[7 + 5 * leg] = f32(f64(speed) / SPEED_KNEE)
        observation[8 + 5 * leg] = state[(contact_row(at, tables, lower) + GROUND) * LANES + lane]
    ground = int(state[(lane_row(at, tables) + GROUND_INDEX) * LANES + lane])
    x, y = state[hull + ORIGIN_X * LANES], state[hull + ORIGIN_Y * LANES]
    _look(grounds, ground, x, y, rays)
    for i in range(NUM_RAYS):
        observation[14 + i] = rays[i]


@inner
def _joint(state, at, tables, joint, lane):
    """b2RevoluteJoint: angle and speed."""
    a, b = tables.ends[joint, 0], tables.ends[joint, 1]
    a, b = (at + BODY * a) * LANES + lane, (at + BODY * b) * LANES + lane
    angle = state[b + ANGLE * LANES] - state[a + ANGLE * LANES] - tables.joints[joint, REFERENCE]
    return angle, state[b + SPIN * LANES] - state[a + SPIN * LANES]


@inner
def _look(grounds, ground, x, y, rays):
    """Lidar: the fraction of each ray from (x, y) at which it meets the ground, in ``rays`` [0:10].

    Here the rays are the lanes. The closest shape counts, so that the order of shapes does not matter.
    """
    for i in range(NUM_RAYS):
        rays[i] = f32(f64(x) + _RAYS[i, 0]) - x
        rays[LANES + i] = f32(f64(y) - _RAYS[i, 1]) - y
    dx, dy = load(rays, 0), load(rays, 1)
    fraction = spread(f32(1))
    first = max(int(x / grounds.pitch) - 1, 0)
    for i in range(first, min(int((f64(x) + _LIDAR_RANGE) / grounds.pitch) + 2, grounds.edges.shape[1])):
        fraction = minimum(_meet_edge(grounds, ground, i, x, y, dx, dy), fraction)
    for i in range(grounds.num_polygons[ground]):
        ahead = f64(grounds.polygons[ground, i, BOX_OF_POLYGON]) - f64(x)
        if ahead < _LIDAR_RANGE and grounds.polygons[ground, i, BOX_OF_POLYGON + 2] > x:
            fraction = minimum(_meet_polygon(grounds, ground, i, x, y, dx, dy), fraction)
    store(rays, 0, fraction)


@inner
def _meet_edge(grounds, ground, i, x, y, dx, dy):
    """b2EdgeShape::RayCast: the fractions at which rays meet an edge, or 1."""
    x1, y1 = grounds.edges[ground, i, 0], grounds.edges[ground, i, 1]
    ex, ey = grounds.edges[ground, i, 2] - x1, grounds.edges[ground, i, 3] - y1
    nx, ny = grounds.edges[ground, i, 4], grounds.edges[ground, i, 5]
    numerator = nx * (x1 - x) + ny * (y1 - y)
    denominator = nx * dx + ny * dy
    t = numerator / denominator
    along = ((x + t * dx - x1) * ex + (y + t * dy - y1) * ey) / (ex * ex + ey * ey)
    meets = (denominator != f32(0)) & (t >= f32(0)) & (along >= f32(0)) & (along <= f32(1))
    return select(meets & (t <= f32(1)), t, spread(f32(1)))


@inner
def _meet_polygon(grounds, ground, i, x, y, dx, dy):
    """b2PolygonShape::RayCast: the fractions at which rays enter a polygon, or 1."""
    lower, upper = spread(f32(0)), spread(f32(1))
    enters = lower > upper
    misses = enters
    for k in range(4):
        nx = grounds.polygons[ground, i, POLYGON_NORMALS + 2 * k]
        ny = grounds.polygons[ground, i, POLYGON_NORMALS + 2 * k + 1]
        vx, vy = grounds.polygons[ground, i, 2 * k], grounds.polygons[ground, i, 2 * k + 1]
        numerator = nx * (vx - x) + ny * (vy - y)
        denominator = nx * dx + ny * dy
        crossing = numerator / denominator
        if numerator < f32(0):
            misses = misses | (denominator == f32(0))
        goes_in = (denominator < f32(0)) & (denominator * lower > numerator)
        goes_out = (denominator > f32(0)) & (denominator * upper > numerator)
        lower, upper = select(goes_in, crossing, lower), select(goes_out, crossing, upper)
        enters = enters | goes_in
        misses = misses | (upper < lower)
    return select(enters & ~misses, lower, spread(f32(1)))


@inner
def judge(state, at, tables, lane, observation, actions, shaping):
    """The reward of a step, whether the walker fell, and whether it reached the end; and the new shaping.

    ``shaping`` is that of the step before. A hull that touches the ground has fallen, as has one that left to the left.
    """
    x = f64(state[(at + BODY * _HULL + ORIGIN_X) * LANES + lane])
    new = 130 * x / SCALE - 5.0 * abs(f64(observation[0]))
    reward = f32(new - shaping)
    # The difference of float64 is rounded by the first subtraction of a float32.
    for i in range(NUM_OUTPUTS):
        reward -= _EFFORT * abs(actions[i])
    fell = state[(contact_row(at, tables, _HULL) + HIT) * LANES + lane] > f32(0) or x < 0
    return (FALL_REWARD if fell else reward), fell, x > _END, new
