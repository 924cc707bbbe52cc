"""The rows of a group's state: a flat float32 array in which ``row * LANES + lane`` is one number of one lane.

A group begins at some row ``at``; its body b takes the `BODY` rows from ``at + BODY * b`` on, and its joint j the
`JOINT` rows from ``joints + JOINT * j`` on, where ``joints = at + BODY * B``.
"""

# Of a body. The position is that of the centre of mass, as in b2Sweep; the origin and the rotation are b2Transform.
X, Y, ANGLE = 0, 1, 2
VELOCITY_X, VELOCITY_Y, SPIN = 3, 4, 5
FORCE_X, FORCE_Y, TORQUE = 6, 7, 8
SLEEP_TIME, AWAKE = 9, 10
X0, Y0, ANGLE0 = 11, 12, 13  # where the sweep of continuous collision begins
ORIGIN_X, ORIGIN_Y, SIN, COS = 14, 15, 16, 17
BODY = 18

# Of a joint, kept from step to step.
IMPULSE_X, IMPULSE_Y, LIMIT_IMPULSE, MOTOR_IMPULSE = 0, 1, 2, 3
LIMIT = 4  # -1 at the lower limit, 1 at the upper one, 0 between them
MOTOR_SPEED, MAX_TORQUE = 5, 6  # set by the task before each step
# Of a joint, within a step: levers, the matrix K with the inverses of its determinants, and ey x ez.
LEVER_A_X, LEVER_A_Y, LEVER_B_X, LEVER_B_Y = 7, 8, 9, 10
K_XX, K_XY, K_YY, K_XZ, K_YZ = 11, 12, 13, 14, 15
INVERSE_2, INVERSE_3, CROSS_X, CROSS_Y, CROSS_Z = 16, 17, 18, 19, 20
JOINT = 21
