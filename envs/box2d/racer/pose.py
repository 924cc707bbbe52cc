"""The row of numbers that shows a car: all that its picture and its dashboard depend on, besides the track.

A pose is one row [POSE] of float64 for each lane, written after every step of the physics. Numbers that Box2D holds in
float32 are exactly those.
"""

HULL_X, HULL_Y, HULL_ANGLE = 0, 1, 2  # of the body's origin, in metres, and radians
WHEELS = 3  # from here on x, y, angle of each wheel: front left, front right, rear left, rear right
VELOCITY_X, VELOCITY_Y, SPIN = 15, 16, 17  # of the hull's centre of mass, in metres and radians a second
OMEGAS = 18  # turning speeds of the four wheels, in radians a second
STEERING = 22  # angle of the front left wheel's joint, in radians
TIME = 23  # seconds since the episode began, counting the step that a reset makes
PHASES = 24  # angles by which the four wheels have turned, in radians
POSE = 28
