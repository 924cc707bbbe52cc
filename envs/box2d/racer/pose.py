"""The row of numbers that shows a car: all that its picture and its dashboard depend on, besides the track.

A pose is one row [POSE] of float64 for each lane, written after every step of the physics. Numbers that Box2D holds in
float32 are exactly those.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

HULL_X, HULL_Y, HULL_ANGLE = 0, 1, 2  # of the body's origin, in metres, and radians
WHEELS = 3  # from here on x, y, angle of each wheel: front left, front right, rear left, rear right
VELOCITY_X, VELOCITY_Y, SPIN = 15, 16, 17  # of the hull's centre of mass, in metres and radians a second
OMEGAS = 18  # turning speeds of the four wheels, in radians a second
STEERING = 22  # angle of the front left wheel's joint, in radians
TIME = 23  # seconds since the episode began, counting the step that a reset makes
PHASES = 24  # angles by which the four wheels have turned, in radians
POSE = 28


def pose_of(car_racing: Any) -> NDArray[np.float64]:
    """The pose of the car in Gymnasium's CarRacing, unwrapped."""
    car, row = car_racing.car, np.empty(POSE)
    row[:WHEELS] = *car.hull.position, car.hull.angle
    row[WHEELS : WHEELS + 12] = [value for wheel in car.wheels for value in (*wheel.position, wheel.angle)]
    row[VELOCITY_X : VELOCITY_X + 2] = car.hull.linearVelocity
    row[SPIN] = car.hull.angularVelocity
    row[OMEGAS : OMEGAS + 4] = [wheel.omega for wheel in car.wheels]
    row[STEERING] = car.wheels[0].joint.angle
    row[TIME] = car_racing.t
    row[PHASES : PHASES + 4] = [wheel.phase for wheel in car.wheels]
    return row
