"""The walker of BipedalWalker-v3 as a scene of the lane engine: a hull and two legs of two parts each."""

from __future__ import annotations

from functools import cache

from envs.box2d.engine.scene import Body, Fixture, Polygon, RevoluteJoint, Scene

# Gymnasium's numbers, in metres.
SCALE = 30.0
FPS = 50
MOTORS_TORQUE = 80
SPEED_HIP, SPEED_KNEE = 4, 6
TERRAIN_STEP = 14 / SCALE
TERRAIN_LENGTH, TERRAIN_STARTPAD, TERRAIN_GRASS = 200, 20, 10  # in steps
TERRAIN_HEIGHT = 400 / SCALE / 4
INITIAL_FORCE = 5

_HULL = ((-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8))
_LEG_DOWN = -8 / SCALE
_LEG_WIDTH, _LEG_HEIGHT = 8 / SCALE, 34 / SCALE
_START_X = TERRAIN_STEP * TERRAIN_STARTPAD / 2
_START_Y = TERRAIN_HEIGHT + 2 * _LEG_HEIGHT

# Bodies and joints in order of creation.
HULL, UPPER_1, LOWER_1, UPPER_2, LOWER_2 = range(5)
HIP_1, KNEE_1, HIP_2, KNEE_2 = range(4)


@cache
def walker_scene() -> Scene:
    """The scene, with Gymnasium's settings of `b2World::Step`."""
    hull = Fixture(Polygon.of([(x / SCALE, y / SCALE) for x, y in _HULL]), 5.0, 0.1)
    upper = Fixture(Polygon.box(_LEG_WIDTH / 2, _LEG_HEIGHT / 2), 1.0)
    lower = Fixture(Polygon.box(0.8 * _LEG_WIDTH / 2, _LEG_HEIGHT / 2), 1.0)
    bodies = [Body((_START_X, _START_Y), 0.0, (hull,))]
    joints = []
    top, bottom = (0.0, _LEG_HEIGHT / 2), (0.0, -_LEG_HEIGHT / 2)
    for side in (-1, 1):
        leg = len(bodies)
        bodies.append(Body((_START_X, _START_Y - _LEG_HEIGHT / 2 - _LEG_DOWN), side * 0.05, (upper,)))
        bodies.append(Body((_START_X, _START_Y - _LEG_HEIGHT * 3 / 2 - _LEG_DOWN), side * 0.05, (lower,)))
        joints.append(RevoluteJoint(HULL, leg, (0.0, _LEG_DOWN), top, -0.8, 1.1, side, MOTORS_TORQUE))
        joints.append(RevoluteJoint(leg, leg + 1, bottom, top, -1.6, -0.1, 1, MOTORS_TORQUE))
    return Scene(tuple(bodies), tuple(joints), (0.0, -10.0), 1.0 / FPS, 6 * 30, 2 * 30, ground_friction=2.5)
