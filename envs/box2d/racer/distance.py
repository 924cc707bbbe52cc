"""Box2D's overlap test of two polygons: the algorithm of Gilbert, Johnson and Keerthi in float32.

The steps and the order of operations are those of ``b2Distance`` (Box2D 2.3, by Erin Catto; see NOTICE).
"""

import numpy as np

from wann.kernels.jit import inner, jit

f32 = np.float32

_EPSILON = f32(1.1920929e-07)
_RIMS = f32(0.01) + f32(0.01)  # around both polygons
_ITERATIONS = 20

# Columns of a corner of the simplex: a point of each polygon, their difference, and its share of the closest point.
A_X, A_Y, B_X, B_Y, X, Y, SHARE = range(7)


@jit
def make_scratch():
    """Work buffers of `touching`: the simplex, the numbers of its corners, and those of one iteration before."""
    return np.empty((4, 7), np.float32), np.empty((4, 2), np.int64), np.empty((3, 2), np.int64)


@inner
def touching(scratch, first, second, x, y, sine, cosine):
    """True if two polygons overlap or are no further apart than their rims.

    Args:
        scratch: from `make_scratch`.
        first: [n, 2] float32 corners in the world.
        second: [m, 2] float32 corners in the second body's frame.
        x, y, sine, cosine: float32 position and rotation of that body.
    """
    simplex, numbers, before = scratch
    _set_corner(simplex, numbers, 0, first, second, 0, 0, x, y, sine, cosine)
    simplex[0, SHARE] = f32(1)
    count = 1
    for _ in range(_ITERATIONS):
        saved = count
        for i in range(saved):
            before[i, 0], before[i, 1] = numbers[i, 0], numbers[i, 1]
        if count == 2:
            count = _closest_on_segment(simplex, numbers)
        elif count == 3:
            count = _closest_on_triangle(simplex, numbers)
        if count == 3:
            break
        towards_x, towards_y = _direction(simplex, count)
        if towards_x * towards_x + towards_y * towards_y < _EPSILON * _EPSILON:
            break
        a = _support(first, -towards_x, -towards_y)
        b = _support(second, cosine * towards_x + sine * towards_y, -sine * towards_x + cosine * towards_y)
        _set_corner(simplex, numbers, count, first, second, a, b, x, y, sine, cosine)
        known = False
        for i in range(saved):
            known |= before[i, 0] == a and before[i, 1] == b
        if known:
            break
        count += 1
    return _is_near(simplex, count)


@inner
def _set_corner(simplex, numbers, at, first, second, a, b, x, y, sine, cosine):
    """Make corner ``at`` of the simplex of two polygons' corners a and b."""
    simplex[at, A_X], simplex[at, A_Y] = first[a, 0], first[a, 1]
    simplex[at, B_X] = (cosine * second[b, 0] - sine * second[b, 1]) + x
    simplex[at, B_Y] = (sine * second[b, 0] + cosine * second[b, 1]) + y
    simplex[at, X] = simplex[at, B_X] - simplex[at, A_X]
    simplex[at, Y] = simplex[at, B_Y] - simplex[at, A_Y]
    numbers[at, 0], numbers[at, 1] = a, b


@inner
def _support(corners, x, y):
    """The corner that lies furthest in a direction; the first of equal ones."""
    best, most = 0, corners[0, 0] * x + corners[0, 1] * y
    for i in range(1, len(corners)):
        value = corners[i, 0] * x + corners[i, 1] * y
        if value > most:
            best, most = i, value
    return best


@inner
def _direction(simplex, count):
    """From a point or a segment towards the origin."""
    if count == 1:
        return -simplex[0, X], -simplex[0, Y]
    x, y = simplex[1, X] - simplex[0, X], simplex[1, Y] - simplex[0, Y]
    if x * -simplex[0, Y] - y * -simplex[0, X] > f32(0):
        return f32(-1) * y, f32(1) * x
    return f32(1) * y, f32(-1) * x


@inner
def _keep(simplex, numbers, to, source):
    for column in range(7):
        simplex[to, column] = simplex[source, column]
    numbers[to, 0], numbers[to, 1] = numbers[source, 0], numbers[source, 1]


@inner
def _only(simplex, numbers, corner):
    """Reduce the simplex to one corner."""
    simplex[corner, SHARE] = f32(1)
    if corner > 0:
        _keep(simplex, numbers, 0, corner)
    return 1


@inner
def _edge(simplex, numbers, i, j, weight_i, weight_j):
    """Reduce the simplex to the edge of corners i < j, with weights that are not yet normed."""
    scale = f32(1) / (weight_i + weight_j)
    simplex[i, SHARE] = weight_i * scale
    simplex[j, SHARE] = weight_j * scale
    if i == 1:
        _keep(simplex, numbers, 0, j)
    elif j == 2:
        _keep(simplex, numbers, 1, 2)
    return 2


@inner
def _along(simplex, i, j):
    """Weights of corners i and j at the point of their line that is closest to the origin, not normed."""
    x, y = simplex[j, X] - simplex[i, X], simplex[j, Y] - simplex[i, Y]
    return simplex[j, X] * x + simplex[j, Y] * y, -(simplex[i, X] * x + simplex[i, Y] * y)


@inner
def _closest_on_segment(simplex, numbers):
    """Reduce a segment to the part that holds its closest point; return the number of corners left."""
    first, second = _along(simplex, 0, 1)
    if second <= f32(0):
        return _only(simplex, numbers, 0)
    if first <= f32(0):
        return _only(simplex, numbers, 1)
    return _edge(simplex, numbers, 0, 1, first, second)


@inner
def _cross(simplex, i, j):
    return simplex[i, X] * simplex[j, Y] - simplex[i, Y] * simplex[j, X]


@inner
def _closest_on_triangle(simplex, numbers):
    """Reduce a triangle to the part that holds its closest point; return the number of corners left."""
    w12_1, w12_2 = _along(simplex, 0, 1)
    w13_1, w13_3 = _along(simplex, 0, 2)
    w23_2, w23_3 = _along(simplex, 1, 2)
    x12, y12 = simplex[1, X] - simplex[0, X], simplex[1, Y] - simplex[0, Y]
    x13, y13 = simplex[2, X] - simplex[0, X], simplex[2, Y] - simplex[0, Y]
    area = x12 * y13 - y12 * x13
    inside_1 = area * _cross(simplex, 1, 2)
    inside_2 = area * _cross(simplex, 2, 0)
    inside_3 = area * _cross(simplex, 0, 1)
    if w12_2 <= f32(0) and w13_3 <= f32(0):
        return _only(simplex, numbers, 0)
    if w12_1 > f32(0) and w12_2 > f32(0) and inside_3 <= f32(0):
        return _edge(simplex, numbers, 0, 1, w12_1, w12_2)
    if w13_1 > f32(0) and w13_3 > f32(0) and inside_2 <= f32(0):
        return _edge(simplex, numbers, 0, 2, w13_1, w13_3)
    if w12_1 <= f32(0) and w23_3 <= f32(0):
        return _only(simplex, numbers, 1)
    if w13_1 <= f32(0) and w23_2 <= f32(0):
        return _only(simplex, numbers, 2)
    if w23_2 > f32(0) and w23_3 > f32(0) and inside_1 <= f32(0):
        return _edge(simplex, numbers, 1, 2, w23_2, w23_3)
    scale = f32(1) / (inside_1 + inside_2 + inside_3)
    simplex[0, SHARE] = inside_1 * scale
    simplex[1, SHARE] = inside_2 * scale
    simplex[2, SHARE] = inside_3 * scale
    return 3


@inner
def _is_near(simplex, count):
    """True if the closest points, one of each polygon, are no further apart than the rims."""
    if count == 3:
        return True
    a_x, a_y, b_x, b_y = simplex[0, A_X], simplex[0, A_Y], simplex[0, B_X], simplex[0, B_Y]
    if count == 2:
        s, t = simplex[0, SHARE], simplex[1, SHARE]
        a_x, a_y = s * a_x + t * simplex[1, A_X], s * a_y + t * simplex[1, A_Y]
        b_x, b_y = s * b_x + t * simplex[1, B_X], s * b_y + t * simplex[1, B_Y]
    right, up = a_x - b_x, a_y - b_y
    distance = np.sqrt(right * right + up * up)
    if distance > _RIMS and distance > _EPSILON:
        return distance - _RIMS < f32(10) * _EPSILON
    return True
