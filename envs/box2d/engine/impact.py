"""b2TimeOfImpact between a body and a ground shape: when, within a step, they come within reach of each other.

GJK finds the closest points (b2Distance); they give an axis, along which the separation is followed in time to where
it is small. Scalar code: most contacts are seen to be far enough without it (`envs.box2d.engine.continuous`).
"""

import numpy as np

from envs.box2d.engine.sines import scalar_sine_and_cosine
from wann.kernels.jit import inner

f32, i64 = np.float32, np.int64

LINEAR_SLOP = f32(0.005)
TARGET, TOLERANCE = f32(max(LINEAR_SLOP, f32(0.02) - f32(3) * LINEAR_SLOP)), f32(0.25) * LINEAR_SLOP
_EPSILON = f32(1.1920929e-07)
_EPSILON_SQUARED = _EPSILON * _EPSILON
_TWO_PI = f32(2) * f32(3.14159265359)
_MOST_DISTANCES, _MOST_AXES, _MOST_ROOTS, _MOST_PUSHES = 20, 20, 50, 16

# Columns of a simplex vertex: support points of A and B, their difference, and the weight of the closest point.
AX, AY, BX, BY, WX, WY, WEIGHT = range(7)
# A sweep [8]: where it begins, where it ends, and the centre in the body's frame.
FROM_X, FROM_Y, FROM_ANGLE, TO_X, TO_Y, TO_ANGLE, OWN_X, OWN_Y = range(8)
# A separating axis [5]: direction, point, and kind.
AXIS_X, AXIS_Y, MID_X, MID_Y, KIND = range(5)
POINTS, FACE_A, FACE_B = f32(0), f32(1), f32(2)


@inner
def _transform(sweep, time):
    """b2Sweep::GetTransform: sine, cosine, x, y."""
    x = (f32(1) - time) * sweep[FROM_X] + time * sweep[TO_X]
    y = (f32(1) - time) * sweep[FROM_Y] + time * sweep[TO_Y]
    sin, cos = scalar_sine_and_cosine(f32((f32(1) - time) * sweep[FROM_ANGLE] + time * sweep[TO_ANGLE]))
    x -= cos * sweep[OWN_X] - sin * sweep[OWN_Y]
    y -= sin * sweep[OWN_X] + cos * sweep[OWN_Y]
    return sin, cos, x, y


@inner
def _support(corners, count, x, y):
    """b2DistanceProxy::GetSupport: the corner furthest in a direction."""
    best, largest = 0, corners[0, 0] * x + corners[0, 1] * y
    for i in range(1, count):
        value = corners[i, 0] * x + corners[i, 1] * y
        if value > largest:
            best, largest = i, value
    return best


@inner
def _set_vertex(simplex, indices, i, a, b, index_a, index_b, where):
    sin, cos, x, y = where
    vx, vy = b[index_b, 0], b[index_b, 1]
    row = simplex[i]
    row[AX], row[AY] = a[index_a, 0], a[index_a, 1]
    row[BX], row[BY] = (cos * vx - sin * vy) + x, (sin * vx + cos * vy) + y
    row[WX], row[WY] = row[BX] - row[AX], row[BY] - row[AY]
    row[WEIGHT] = f32(0)
    indices[i, 0], indices[i, 1] = index_a, index_b


@inner
def _copy_vertex(simplex, indices, source, target):
    for column in range(7):
        simplex[target, column] = simplex[source, column]
    indices[target, 0], indices[target, 1] = indices[source, 0], indices[source, 1]


@inner
def _metric(simplex, count):
    if count == 2:
        x, y = simplex[0, WX] - simplex[1, WX], simplex[0, WY] - simplex[1, WY]
        return np.sqrt(x * x + y * y)
    if count == 3:
        x, y = simplex[1, WX] - simplex[0, WX], simplex[1, WY] - simplex[0, WY]
        return x * (simplex[2, WY] - simplex[0, WY]) - y * (simplex[2, WX] - simplex[0, WX])
    return f32(0)


@inner
def _solve_two(simplex, indices):
    """b2Simplex::Solve2. Returns the number of vertices that the closest point needs."""
    x1, y1, x2, y2 = simplex[0, WX], simplex[0, WY], simplex[1, WX], simplex[1, WY]
    ex, ey = x2 - x1, y2 - y1
    second = -(x1 * ex + y1 * ey)
    if second <= f32(0):
        simplex[0, WEIGHT] = f32(1)
        return 1
    first = x2 * ex + y2 * ey
    if first <= f32(0):
        simplex[1, WEIGHT] = f32(1)
        _copy_vertex(simplex, indices, i64(1), i64(0))
        return 1
    inverse = f32(1) / (first + second)
    simplex[0, WEIGHT], simplex[1, WEIGHT] = first * inverse, second * inverse
    return 2


@inner
def _solve_three(simplex, indices):
    """b2Simplex::Solve3. Returns the number of vertices that the closest point needs; 3 if the origin is inside."""
    x1, y1 = simplex[0, WX], simplex[0, WY]
    x2, y2 = simplex[1, WX], simplex[1, WY]
    x3, y3 = simplex[2, WX], simplex[2, WY]
    ex, ey = x2 - x1, y2 - y1
    d12_1, d12_2 = x2 * ex + y2 * ey, -(x1 * ex + y1 * ey)
    fx, fy = x3 - x1, y3 - y1
    d13_1, d13_2 = x3 * fx + y3 * fy, -(x1 * fx + y1 * fy)
    gx, gy = x3 - x2, y3 - y2
    d23_1, d23_2 = x3 * gx + y3 * gy, -(x2 * gx + y2 * gy)
    n = ex * fy - ey * fx
    d123_1, d123_2, d123_3 = n * (x2 * y3 - y2 * x3), n * (x3 * y1 - y3 * x1), n * (x1 * y2 - y1 * x2)
    zero = f32(0)
    if d12_2 <= zero and d13_2 <= zero:
        simplex[0, WEIGHT] = f32(1)
        return 1
    if d12_1 > zero and d12_2 > zero and d123_3 <= zero:
        inverse = f32(1) / (d12_1 + d12_2)
        simplex[0, WEIGHT], simplex[1, WEIGHT] = d12_1 * inverse, d12_2 * inverse
        return 2
    if d13_1 > zero and d13_2 > zero and d123_2 <= zero:
        inverse = f32(1) / (d13_1 + d13_2)
        simplex[0, WEIGHT], simplex[2, WEIGHT] = d13_1 * inverse, d13_2 * inverse
        _copy_vertex(simplex, indices, i64(2), i64(1))
        return 2
    if d12_1 <= zero and d23_2 <= zero:
        simplex[1, WEIGHT] = f32(1)
        _copy_vertex(simplex, indices, i64(1), i64(0))
        return 1
    if d13_1 <= zero and d23_1 <= zero:
        simplex[2, WEIGHT] = f32(1)
        _copy_vertex(simplex, indices, i64(2), i64(0))
        return 1
    if d23_1 > zero and d23_2 > zero and d123_1 <= zero:
        inverse = f32(1) / (d23_1 + d23_2)
        simplex[1, WEIGHT], simplex[2, WEIGHT] = d23_1 * inverse, d23_2 * inverse
        _copy_vertex(simplex, indices, i64(2), i64(0))
        return 2
    inverse = f32(1) / (d123_1 + d123_2 + d123_3)
    simplex[0, WEIGHT], simplex[1, WEIGHT], simplex[2, WEIGHT] = d123_1 * inverse, d123_2 * inverse, d123_3 * inverse
    return 3


@inner
def _direction(simplex, count):
    """b2Simplex::GetSearchDirection: towards the origin."""
    if count == 1:
        return -simplex[0, WX], -simplex[0, WY]
    ex, ey = simplex[1, WX] - simplex[0, WX], simplex[1, WY] - simplex[0, WY]
    if ex * -simplex[0, WY] - ey * -simplex[0, WX] > f32(0):
        return -ey, ex
    return ey, -ex


@inner
def _closest(simplex, count):
    """b2Simplex::GetWitnessPoints: their distance."""
    if count == 3:
        return f32(0)
    ax, ay, bx, by = simplex[0, AX], simplex[0, AY], simplex[0, BX], simplex[0, BY]
    if count == 2:
        u, v = simplex[0, WEIGHT], simplex[1, WEIGHT]
        ax, ay = u * ax + v * simplex[1, AX], u * ay + v * simplex[1, AY]
        bx, by = u * bx + v * simplex[1, BX], u * by + v * simplex[1, BY]
    x, y = ax - bx, ay - by
    return np.sqrt(x * x + y * y)


@inner
def distance(a, count_a, b, count_b, where, simplex, indices, count, metric):
    """b2Distance, from the last simplex of ``count`` vertices. Returns the distance, and the new count and metric."""
    for i in range(count):
        _set_vertex(simplex, indices, i, a, b, indices[i, 0], indices[i, 1], where)
    if count > 1:
        new = _metric(simplex, count)
        if new < f32(0.5) * metric or f32(2) * metric < new or new < _EPSILON:
            count = 0
    if count == 0:
        _set_vertex(simplex, indices, i64(0), a, b, i64(0), i64(0), where)
        simplex[0, WEIGHT] = f32(1)
        count = 1
    sin, cos = where[0], where[1]
    for _ in range(_MOST_DISTANCES):
        saved = count
        a_0, b_0, a_1, b_1, a_2, b_2 = (
            indices[0, 0],
            indices[0, 1],
            indices[1, 0],
            indices[1, 1],
            indices[2, 0],
            indices[2, 1],
        )
        if count == 2:
            count = _solve_two(simplex, indices)
        elif count == 3:
            count = _solve_three(simplex, indices)
        if count == 3:
            break
        dx, dy = _direction(simplex, count)
        if dx * dx + dy * dy < _EPSILON_SQUARED:
            break
        index_a = _support(a, count_a, -dx, -dy)
        index_b = _support(b, count_b, cos * dx + sin * dy, -sin * dx + cos * dy)
        known = index_a == a_0 and index_b == b_0
        known = known or (saved > 1 and index_a == a_1 and index_b == b_1)
        known = known or (saved > 2 and index_a == a_2 and index_b == b_2)
        # Box2D writes the new vertex behind the simplex before it looks whether it is known.
        _set_vertex(simplex, indices, count, a, b, index_a, index_b, where)
        if known:
            break
        count += 1
    return _closest(simplex, count), count, _metric(simplex, count)


@inner
def _choose_axis(axis, a, b, indices, count, where):
    """b2SeparationFunction::Initialize: the axis between the closest features at the time of ``where``."""
    sin, cos, x0, y0 = where
    if count == 1:
        axis[KIND] = POINTS
        vx, vy = b[indices[0, 1], 0], b[indices[0, 1], 1]
        x = ((cos * vx - sin * vy) + x0) - a[indices[0, 0], 0]
        y = ((sin * vx + cos * vy) + y0) - a[indices[0, 0], 1]
        axis[AXIS_X], axis[AXIS_Y] = _normalized(x, y)
        return
    of_b = indices[0, 0] == indices[1, 0]
    shape, side = (b, 1) if of_b else (a, 0)
    x1, y1 = shape[indices[0, side], 0], shape[indices[0, side], 1]
    x2, y2 = shape[indices[1, side], 0], shape[indices[1, side], 1]
    x, y = _normalized(y2 - y1, -(x2 - x1))
    mid_x, mid_y = f32(0.5) * (x1 + x2), f32(0.5) * (y1 + y2)
    vx, vy = b[indices[0, 1], 0], b[indices[0, 1], 1]
    if of_b:
        axis[KIND] = FACE_B
        nx, ny = cos * x - sin * y, sin * x + cos * y
        px, py = (cos * mid_x - sin * mid_y) + x0, (sin * mid_x + cos * mid_y) + y0
        s = (a[indices[0, 0], 0] - px) * nx + (a[indices[0, 0], 1] - py) * ny
    else:
        axis[KIND] = FACE_A
        px, py = (cos * vx - sin * vy) + x0, (sin * vx + cos * vy) + y0
        s = (px - mid_x) * x + (py - mid_y) * y
    if s < f32(0):
        x, y = -x, -y
    axis[AXIS_X], axis[AXIS_Y], axis[MID_X], axis[MID_Y] = x, y, mid_x, mid_y


@inner
def _normalized(x, y):
    """b2Vec2::Normalize."""
    length = np.sqrt(x * x + y * y)
    if length < _EPSILON:
        return x, y
    inverse = f32(1) / length
    return x * inverse, y * inverse


@inner
def _deepest(axis, a, count_a, b, count_b, where):
    """b2SeparationFunction::FindMinSeparation: indices of the corners that reach furthest along the axis."""
    sin, cos = where[0], where[1]
    x, y = axis[AXIS_X], axis[AXIS_Y]
    if axis[KIND] == FACE_B:
        nx, ny = cos * x - sin * y, sin * x + cos * y
        return _support(a, count_a, -nx, -ny), 0
    index_b = _support(b, count_b, cos * -x + sin * -y, -sin * -x + cos * -y)
    if axis[KIND] == FACE_A:
        return 0, index_b
    return _support(a, count_a, x, y), index_b


@inner
def _separation(axis, a, b, index_a, index_b, where):
    """b2SeparationFunction::Evaluate: of two corners along the axis."""
    sin, cos, x0, y0 = where
    x, y, mid_x, mid_y = axis[AXIS_X], axis[AXIS_Y], axis[MID_X], axis[MID_Y]
    if axis[KIND] == FACE_B:
        nx, ny = cos * x - sin * y, sin * x + cos * y
        px, py = (cos * mid_x - sin * mid_y) + x0, (sin * mid_x + cos * mid_y) + y0
        return (a[index_a, 0] - px) * nx + (a[index_a, 1] - py) * ny
    vx, vy = b[index_b, 0], b[index_b, 1]
    px, py = (cos * vx - sin * vy) + x0, (sin * vx + cos * vy) + y0
    if axis[KIND] == FACE_A:
        return (px - mid_x) * x + (py - mid_y) * y
    return (px - a[index_a, 0]) * x + (py - a[index_a, 1]) * y


@inner
def time_of_impact(a, count_a, b, count_b, sweep, simplex, indices, axis):
    """The share of a sweep after which body b touches ground shape a; 1 if it does not.

    Args:
        a: [8, 2] corners of the ground shape.
        b: [8, 2] corners of the body's polygon, in its own frame.
        sweep: [8], with angles that are changed by whole turns here.
        simplex, indices, axis: [4, 7], [4, 2] and [5], work space.
    """
    turns = _TWO_PI * np.floor(sweep[FROM_ANGLE] / _TWO_PI)
    sweep[FROM_ANGLE] -= turns
    sweep[TO_ANGLE] -= turns
    t1 = f32(0)
    count, metric = i64(0), f32(0)
    for _ in range(_MOST_AXES):
        where = _transform(sweep, t1)
        apart, count, metric = distance(a, count_a, b, count_b, where, simplex, indices, count, metric)
        if apart <= f32(0):
            return f32(1)  # they overlap
        if apart < TARGET + TOLERANCE:
            return t1
        _choose_axis(axis, a, b, indices, count, where)
        t2 = f32(1)
        for _ in range(_MOST_PUSHES):
            there = _transform(sweep, t2)
            index_a, index_b = _deepest(axis, a, count_a, b, count_b, there)
            s2 = _separation(axis, a, b, index_a, index_b, there)
            if s2 > TARGET + TOLERANCE:
                return f32(1)  # they stay apart
            if s2 > TARGET - TOLERANCE:
                t1 = t2
                break
            s1 = _separation(axis, a, b, index_a, index_b, where)
            if s1 < TARGET - TOLERANCE:
                return f32(1)  # the search for the root has failed
            if s1 <= TARGET + TOLERANCE:
                return t1
            t2 = _root(axis, a, b, index_a, index_b, sweep, t1, t2, s1, s2)
    return f32(1)


@inner
def _root(axis, a, b, index_a, index_b, sweep, t1, t2, s1, s2):
    """The time at which two corners are at the target separation, by bisection and secants in turn."""
    begin, end = t1, t2
    for i in range(_MOST_ROOTS):
        t = begin + (TARGET - s1) * (end - begin) / (s2 - s1) if i & 1 else f32(0.5) * (begin + end)
        s = _separation(axis, a, b, index_a, index_b, _transform(sweep, t))
        if np.abs(s - TARGET) < TOLERANCE:
            return t
        if s > TARGET:
            begin, s1 = t, s
        else:
            end, s2 = t, s
    return t2
