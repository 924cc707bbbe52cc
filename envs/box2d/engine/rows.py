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


# Of a body's contacts with the ground, from `contact_rows` on. A contact exists while enlarged boxes overlap.
CONTACTS = 0  # their number
LOW_X, LOW_Y, HIGH_X, HIGH_Y = 1, 2, 3, 4  # the body's enlarged box
GROUND = 5  # set when a contact begins to touch, cleared when one ends, as a listener would
HIT = 6  # set when a contact begins to touch
TOUCHES = 7  # contacts that touch, in this step
SLOTS = 8  # contacts of a body at most; the newest is in slot 0
FIRST_SLOT = 8  # all rows above are 0 where nothing was touched yet
# Of a contact.
NUMBER = 0  # of its ground shape, in order of creation
SHAPE = 1  # an edge's index, or -1 - a polygon's index
EDGE_X1, EDGE_Y1, EDGE_X2, EDGE_Y2, EDGE_NORMAL_X, EDGE_NORMAL_Y = 2, 3, 4, 5, 6, 7
GROUND_LOW_X, GROUND_LOW_Y, GROUND_HIGH_X, GROUND_HIGH_Y = 8, 9, 10, 11  # the ground shape's enlarged box
TOUCHING, ENABLED = 12, 13
IMPACT_KNOWN, IMPACT_TIME, IMPACTS = 14, 15, 16
FACE_B = 17  # the manifold's face: 1 if of the body, 0 if of the ground
POINTS = 18  # of the manifold
NORMAL_X, NORMAL_Y, POINT_X, POINT_Y = 19, 20, 21, 22  # of the face, local
FIRST_POINT = 23
SLOT = 33
# Of each of the manifold's two points.
LOCAL_X, LOCAL_Y, ID, NORMAL_IMPULSE, TANGENT_IMPULSE = 0, 1, 2, 3, 4
POINT = 5

# Of a touching contact while it is solved; the solver's rows follow the slots of a body.
OF_SLOT = 0  # -1 where the lane has no such contact
SOLVED_POINTS = 1  # 1 where two points are redundant
ALL_POINTS = 2
WORLD_NORMAL_X, WORLD_NORMAL_Y = 3, 4
K_11, K_12, K_22, MASS_11, MASS_12, MASS_22 = 5, 6, 7, 8, 9, 10
OF_FACE_B, FACE_NORMAL_X, FACE_NORMAL_Y, FACE_X, FACE_Y = 11, 12, 13, 14, 15
FIRST_SOLVED = 16
# Of each of its points.
LEVER_X, LEVER_Y, NORMAL_MASS, TANGENT_MASS, PUSH, RUB, OWN_X, OWN_Y = 0, 1, 2, 3, 4, 5, 6, 7
SOLVED = 8
SOLVER = FIRST_SOLVED + 2 * SOLVED
TOUCH = FIRST_SLOT + SLOTS * (SLOT + SOLVER)

# Of a lane, after the contacts of all bodies.
GROUND_INDEX = 0  # of the lane's ground
OVERFLOW = 1  # set where a body had more contacts than slots
MASK = 2  # work space: a mask as numbers
POSITIONS_DONE = 3  # 1 where this step's positions have no error left
CORNERS = 4  # work space: corners of a body where its sweep begins and where it ends
MAX_CORNERS = 8
LANE = CORNERS + 4 * MAX_CORNERS
