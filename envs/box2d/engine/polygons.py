"""b2CollidePolygons in one lane: the manifold of a body with a polygon of the ground."""

from typing import Any

import numpy as np

from envs.box2d.engine.ground import POLYGON_CENTROID, POLYGON_NORMALS
from envs.box2d.engine.places import lane_row, slot_row
from envs.box2d.engine.rows import (
    BODY,
    COS,
    FACE_B,
    FIRST_POINT,
    GROUND_INDEX,
    ID,
    LOCAL_X,
    LOCAL_Y,
    NORMAL_IMPULSE,
    NORMAL_X,
    NORMAL_Y,
    ORIGIN_X,
    ORIGIN_Y,
    POINT,
    POINT_X,
    POINT_Y,
    POINTS,
    SHAPE,
    SIN,
    TANGENT_IMPULSE,
)
from envs.box2d.engine.vectors import LANES
from wann.kernels.jit import inner

f32 = np.float32
i64: Any = np.int64

_RADIUS = f32(0.02)
_RELATIVE, _ABSOLUTE = f32(0.98), f32(0.001)
_LARGEST = f32(np.finfo(np.float32).max)
_CORNERS_OF_GROUND = 4


@inner
def collide_polygon(state, at, tables, grounds, body, slot, lane, corners):
    """Write the manifold of a body with the polygon in a slot of one lane, keeping impulses of points that stay.

    ``corners`` [4, 8, 2] is work space.
    """
    contact = slot_row(at, tables, body, slot) * LANES + lane
    row = (at + BODY * body) * LANES + lane
    ground = int(state[(lane_row(at, tables) + GROUND_INDEX) * LANES + lane])
    own = grounds.polygons[ground, int(f32(-1) - state[contact + SHAPE * LANES])]
    for i in range(_CORNERS_OF_GROUND):
        for axis in range(2):
            corners[0, i, axis] = own[2 * i + axis]
            corners[1, i, axis] = own[POLYGON_NORMALS + 2 * i + axis]
    count = tables.corners[body]
    for i in range(count):
        for axis in range(2):
            corners[2, i, axis] = tables.vertices[body, i, axis]
            corners[3, i, axis] = tables.normals[body, i, axis]
    sin, cos = state[row + SIN * LANES], state[row + COS * LANES]
    x, y = state[row + ORIGIN_X * LANES], state[row + ORIGIN_Y * LANES]
    a = (
        i64(_CORNERS_OF_GROUND),
        corners[0],
        corners[1],
        own[POLYGON_CENTROID],
        own[POLYGON_CENTROID + 1],
        f32(0),
        f32(1),
        f32(0),
        f32(0),
    )
    b = (count, corners[2], corners[3], tables.centroids[body, 0], tables.centroids[body, 1], sin, cos, x, y)
    edge_a, separation_a = _largest_separation(a, b)
    edge_b, separation_b = _largest_separation(b, a)
    points = i64(0)
    ids = (f32(0), f32(0))
    if separation_a <= _RADIUS and separation_b <= _RADIUS:
        if separation_b > _RELATIVE * separation_a + _ABSOLUTE:
            state[contact + FACE_B * LANES] = f32(1)
            points, ids = _clip_faces(state, contact, b, edge_b, a, i64(1))
        else:
            state[contact + FACE_B * LANES] = f32(0)
            points, ids = _clip_faces(state, contact, a, edge_a, b, i64(0))
    _keep_impulses(state, contact, points, ids)


@inner
def _turn(polygon, x, y):
    """A vector out of the polygon's frame."""
    sin, cos = polygon[5], polygon[6]
    return cos * x - sin * y, sin * x + cos * y


@inner
def _turn_back(polygon, x, y):
    """A vector into the polygon's frame."""
    sin, cos = polygon[5], polygon[6]
    return cos * x + sin * y, -sin * x + cos * y


@inner
def _place(polygon, x, y):
    """A point out of the polygon's frame."""
    turned_x, turned_y = _turn(polygon, x, y)
    return turned_x + polygon[7], turned_y + polygon[8]


@inner
def _edge_separation(a, edge, b):
    """b2EdgeSeparation: of b from an edge of a."""
    nx, ny = _turn(a, a[2][edge, 0], a[2][edge, 1])
    dx, dy = _turn_back(b, nx, ny)
    index, smallest = i64(0), _LARGEST
    for i in range(b[0]):
        dot = b[1][i, 0] * dx + b[1][i, 1] * dy
        if dot < smallest:
            smallest, index = dot, i
    x1, y1 = _place(a, a[1][edge, 0], a[1][edge, 1])
    x2, y2 = _place(b, b[1][index, 0], b[1][index, 1])
    return (x2 - x1) * nx + (y2 - y1) * ny


@inner
def _largest_separation(a, b):
    """b2FindMaxSeparation: an edge of a and the separation, by climbing from the edge that looks most at b."""
    bx, by = _place(b, b[3], b[4])
    ax, ay = _place(a, a[3], a[4])
    dx, dy = _turn_back(a, bx - ax, by - ay)
    count = a[0]
    edge, largest = i64(0), -_LARGEST
    for i in range(count):
        dot = a[2][i, 0] * dx + a[2][i, 1] * dy
        if dot > largest:
            largest, edge = dot, i
    here = _edge_separation(a, edge, b)
    before = edge - 1 if edge >= 1 else count - 1
    after = edge + 1 if edge + 1 < count else 0
    at_before, at_after = _edge_separation(a, before, b), _edge_separation(a, after, b)
    if at_before > here and at_before > at_after:
        best, separation, step = before, at_before, -1
    elif at_after > here:
        best, separation, step = after, at_after, 1
    else:
        return edge, here
    while True:
        edge = best + step
        if edge < 0:
            edge = count - 1
        elif edge == count:
            edge = 0
        here = _edge_separation(a, edge, b)
        if not here > separation:
            return best, separation
        best, separation = edge, here


@inner
def _clip(first, second, nx, ny, offset, corner):
    """b2ClipSegmentToLine. Points are (x, y, corner or edge of the face, index of the other); True if two remain."""
    before = nx * first[0] + ny * first[1] - offset
    after = nx * second[0] + ny * second[1] - offset
    if before <= f32(0) and after <= f32(0):
        return first, second, True
    if not before * after < f32(0):
        return first, second, False
    share = before / (before - after)
    cut = (
        first[0] + share * (second[0] - first[0]),
        first[1] + share * (second[1] - first[1]),
        _identity(corner, _other_index(first[2]), False),
    )
    return (first if before <= f32(0) else second), cut, True


@inner
def _identity(reference, incident, is_face):
    """Of a point: indices in the clipping and the clipped polygon. A corner of one lies on a face of the other."""
    return f32(reference) + f32(16) * f32(incident) + (f32(256) if is_face else f32(512))


@inner
def _other_index(identity):
    return (int(identity) >> 4) & 15


@inner
def _clip_faces(state, contact, a, edge, b, flipped):
    """Clip the face of b that looks at an edge of a. Returns the number of points and their identities."""
    nx, ny = _turn(a, a[2][edge, 0], a[2][edge, 1])
    dx, dy = _turn_back(b, nx, ny)
    index, smallest = i64(0), _LARGEST
    for i in range(b[0]):
        dot = dx * b[2][i, 0] + dy * b[2][i, 1]
        if dot < smallest:
            smallest, index = dot, i
    following = index + 1 if index + 1 < b[0] else 0
    x, y = _place(b, b[1][index, 0], b[1][index, 1])
    first = (x, y, _identity(edge, index, True))
    x, y = _place(b, b[1][following, 0], b[1][following, 1])
    second = (x, y, _identity(edge, following, True))

    last = edge + 1 if edge + 1 < a[0] else 0
    x1, y1, x2, y2 = a[1][edge, 0], a[1][edge, 1], a[1][last, 0], a[1][last, 1]
    tx, ty = x2 - x1, y2 - y1
    length = np.sqrt(tx * tx + ty * ty)
    if length >= f32(1.1920929e-07):
        inverse = f32(1) / length
        tx, ty = tx * inverse, ty * inverse
    local_nx, local_ny = ty, -tx
    plane_x, plane_y = f32(0.5) * (x1 + x2), f32(0.5) * (y1 + y2)
    tx, ty = _turn(a, tx, ty)
    nx, ny = ty, -tx
    x1, y1 = _place(a, x1, y1)
    x2, y2 = _place(a, x2, y2)
    front = nx * x1 + ny * y1
    first, second, whole = _clip(first, second, -tx, -ty, -(tx * x1 + ty * y1) + _RADIUS, edge)
    if not whole:
        return i64(0), (f32(0), f32(0))
    first, second, whole = _clip(first, second, tx, ty, (tx * x2 + ty * y2) + _RADIUS, last)
    if not whole:
        return i64(0), (f32(0), f32(0))
    state[contact + NORMAL_X * LANES], state[contact + NORMAL_Y * LANES] = local_nx, local_ny
    state[contact + POINT_X * LANES], state[contact + POINT_Y * LANES] = plane_x, plane_y
    first_close = nx * first[0] + ny * first[1] - front <= _RADIUS
    second_close = nx * second[0] + ny * second[1] - front <= _RADIUS
    points = i64(0)
    ids = (f32(0), f32(0))
    if first_close:
        ids = (_write_point(state, contact, i64(0), b, first, flipped), f32(0))
        points = 1
    if second_close:
        own = _write_point(state, contact, points, b, second, flipped)
        ids = (ids[0], own) if points else (own, f32(0))
        points += 1
    return points, ids


@inner
def _write_point(state, contact, number, b, point, flipped):
    """Write a point in the frame of b; returns its identity as seen from the ground."""
    x, y = _turn_back(b, point[0] - b[7], point[1] - b[8])
    state[contact + (FIRST_POINT + POINT * number + LOCAL_X) * LANES] = x
    state[contact + (FIRST_POINT + POINT * number + LOCAL_Y) * LANES] = y
    if flipped == 0:
        return point[2]
    key = int(point[2])
    kinds = 512 if key & 256 else 256
    return f32(((key & 15) << 4) + ((key >> 4) & 15) + kinds)


@inner
def _keep_impulses(state, contact, points, ids):
    """b2Contact::Update: a point takes the impulses of the old point with its identity."""
    p, q = contact + FIRST_POINT * LANES, contact + (FIRST_POINT + POINT) * LANES
    old = int(state[contact + POINTS * LANES])
    old_ids = state[p + ID * LANES], state[q + ID * LANES]
    pushes = state[p + NORMAL_IMPULSE * LANES], state[q + NORMAL_IMPULSE * LANES]
    rubs = state[p + TANGENT_IMPULSE * LANES], state[q + TANGENT_IMPULSE * LANES]
    for i in range(points):
        own = p if i == 0 else q
        push, rub = f32(0), f32(0)
        for j in range(old):
            if old_ids[j] == ids[i]:
                push, rub = pushes[j], rubs[j]
                break
        state[own + ID * LANES] = ids[i]
        state[own + NORMAL_IMPULSE * LANES], state[own + TANGENT_IMPULSE * LANES] = push, rub
    state[contact + POINTS * LANES] = f32(points)
