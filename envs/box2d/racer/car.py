"""CarRacing's car as a scene of the engine: a hull of four polygons, and four wheels on motors that steer them.

The numbers are those of Gymnasium's ``car_dynamics.Car``; all wheels have steering joints, but only the motors of the
front ones ever get a target other than straight ahead.
"""

from __future__ import annotations

import numpy as np

from envs.box2d.engine.scene import Body, Fixture, Polygon, RevoluteJoint, Scene
from envs.box2d.racer.tyres import SIZE

# Corners in units of `SIZE`.
_HULL = (
    ((-60, 130), (60, 130), (60, 110), (-60, 110)),
    ((-15, 120), (15, 120), (20, 20), (-20, 20)),
    ((25, 20), (50, -10), (50, -40), (20, -90), (-20, -90), (-50, -40), (-50, -10), (-25, 20)),
    ((-50, -120), (50, -120), (50, -90), (-50, -90)),
)
_WHEEL = ((-14, 27), (14, 27), (14, -27), (-14, -27))
_WHEEL_PLACES = ((-55, 80), (55, 80), (-55, -82), (55, -82))  # front left, front right, rear left, rear right


def _polygon(corners: tuple[tuple[int, int], ...]) -> Polygon:
    return Polygon.of([(x * SIZE, y * SIZE) for x, y in corners])


WHEEL = _polygon(_WHEEL)
# Places of the wheels' origins from the hull's, which a new car adds to the hull's place without turning them.
WHEEL_PLACES = np.array([(x * SIZE, y * SIZE) for x, y in _WHEEL_PLACES])

SCENE = Scene(
    bodies=(
        Body((0.0, 0.0), 0.0, tuple(Fixture(_polygon(corners), 1.0) for corners in _HULL)),
        *(Body((x, y), 0.0, (Fixture(WHEEL, 0.1),)) for x, y in WHEEL_PLACES.tolist()),
    ),
    joints=tuple(
        RevoluteJoint(0, wheel, (x, y), (0.0, 0.0), -0.4, 0.4, 0.0, 180 * 900 * SIZE * SIZE)
        for wheel, (x, y) in enumerate(WHEEL_PLACES.tolist(), 1)
    ),
    gravity=(0.0, 0.0),
    step=1.0 / 50,
    velocity_iterations=6 * 30,
    position_iterations=2 * 30,
)

# Rows of the scene's tables.
HULL = SCENE.row_of(0)
WHEELS = tuple(SCENE.row_of(wheel) for wheel in range(1, 5))
JOINTS = tuple(SCENE.joint_row_of(wheel) for wheel in range(4))
NUM_BODIES, NUM_JOINTS = len(SCENE.bodies), len(SCENE.joints)
