"""Engine, brakes and tyres of CarRacing's car, in float64 and in the order of Gymnasium's ``car_dynamics.Car.step``.

Rear wheels are driven; a wheel that slips is held by no more than the friction of what it stands on.
"""

import numpy as np

from wann.kernels.jit import inner

SIZE = 0.02  # metres per unit of the car's drawing
WHEEL_RADIUS = 1.0 * 27 * SIZE
TIME_STEP = 1.0 / 50

_POWER = TIME_STEP * (100000000 * SIZE * SIZE)  # of the engine, times the step
_INERTIA = 4000 * SIZE * SIZE  # of a wheel about its axle
_ROAD = 1000000 * SIZE * SIZE  # greatest force of a tyre
_GRASS = _ROAD * 0.6
_STIFFNESS = 205000 * SIZE * SIZE  # force for each metre a second of slip
_GAS_STEP = 0.1  # most that gas rises in a step
_BRAKE = 15.0  # radians a second that a full brake takes in a step
_LOCK = 0.9  # brake from which wheels stand still


@inner
def next_gas(gas, wanted):
    """The engine's gas after a step: it rises slowly and falls at once."""
    return gas + min(min(max(wanted, 0.0), 1.0) - gas, _GAS_STEP)


@inner
def motor_speed(target, angle):
    """The speed of a wheel's steering motor towards its target angle."""
    return np.sign(target - angle) * min(50.0 * abs(target - angle), 3.0)


@inner
def driven(omega, gas, brake):
    """A wheel's turning speed after engine and brake."""
    omega += _POWER * gas / _INERTIA / (abs(omega) + 5.0)
    if brake >= _LOCK:
        return 0.0
    if brake > 0:
        return omega - np.sign(omega) * min(_BRAKE * brake, abs(omega))
    return omega


@inner
def grip(omega, on_road, sine, cosine, velocity_x, velocity_y):
    """A tyre's turning speed after a step, and its force on the car (x, y).

    Args:
        omega: turning speed after engine and brake.
        on_road: True if the wheel touches a tile.
        sine, cosine: of the wheel's angle.
        velocity_x, velocity_y: of the wheel.
    """
    limit = _ROAD if on_road else _GRASS
    forward = -sine * velocity_x + cosine * velocity_y
    sideways = cosine * velocity_x + sine * velocity_y
    along = (-forward + omega * WHEEL_RADIUS) * _STIFFNESS
    across = -sideways * _STIFFNESS
    force = np.sqrt(along * along + across * across)
    if force > limit:
        along = along / force * limit
        across = across / force * limit
    omega -= TIME_STEP * along * WHEEL_RADIUS / _INERTIA
    return omega, across * cosine + along * -sine, across * sine + along * cosine
