"""Contact manifolds of a body with an edge of the ground, in lanes: b2EPCollider for edges without neighbours.

Ground shapes stand still at the origin, so their own transform is left out: it would change no bit.
"""

import numpy as np

from envs.box2d.engine.places import lane_row, slot_row
from envs.box2d.engine.rows import (
    BODY,
    CORNERS,
    COS,
    EDGE_NORMAL_X,
    EDGE_NORMAL_Y,
    EDGE_X1,
    EDGE_X2,
    EDGE_Y1,
    EDGE_Y2,
    FACE_B,
    FIRST_POINT,
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
    SIN,
    TANGENT_IMPULSE,
)
from envs.box2d.engine.scene import ANGULAR_SLOP
from envs.box2d.engine.vectors import any_lane, load, minimum, no_lanes, select, spread, store
from wann.kernels.jit import elementwise, inner

f32 = np.float32

_RADIUS = f32(0.02)  # of the skins of both shapes
_RELATIVE, _ABSOLUTE = f32(0.98), f32(0.001)  # a face of the body must be this much better than the edge
_LARGEST = f32(np.finfo(np.float32).max)

# A point's identity: 16 * (index of B) + (index of A), and what the indices count.
VERTEX_A, VERTEX_B, FACES_A, FACES_B = f32(0), f32(0), f32(256), f32(512)


@elementwise
def identity(index_a, index_b, of_a, of_b):
    return index_a + f32(16) * index_b + of_a + of_b


@inner
def turn_corners(state, at, tables, body):
    """Write the corners and normals of a body, as it stands, to the work space: 4 rows of each corner."""
    row, work = at + BODY * body, lane_row(at, tables) + CORNERS
    sin, cos = load(state, row + SIN), load(state, row + COS)
    x0, y0 = load(state, row + ORIGIN_X), load(state, row + ORIGIN_Y)
    for i in range(tables.corners[body]):
        x, y = tables.vertices[body, i, 0], tables.vertices[body, i, 1]
        store(state, work + 4 * i, (cos * x - sin * y) + x0)
        store(state, work + 4 * i + 1, (sin * x + cos * y) + y0)
        x, y = tables.normals[body, i, 0], tables.normals[body, i, 1]
        store(state, work + 4 * i + 2, cos * x - sin * y)
        store(state, work + 4 * i + 3, sin * x + cos * y)


@elementwise
def _clip(ax, ay, a_id, bx, by, b_id, nx, ny, offset, clip_id):
    """b2ClipSegmentToLine: the part of the segment a b behind a line, and the mask of lanes that keep two points."""
    before = nx * ax + ny * ay - offset
    after = nx * bx + ny * by - offset
    crosses = before * after < f32(0)
    share = before / (before - after)
    cut_x, cut_y = ax + share * (bx - ax), ay + share * (by - ay)
    a_in, b_in = before <= f32(0), after <= f32(0)
    both = a_in & b_in
    first_x, first_y, first_id = select(a_in, ax, bx), select(a_in, ay, by), select(a_in, a_id, b_id)
    second_x, second_y, second_id = select(both, bx, cut_x), select(both, by, cut_y), select(both, b_id, clip_id)
    return first_x, first_y, first_id, second_x, second_y, second_id, both | crosses


@inner
def collide_edge(state, at, tables, body, slot, active):
    """Write the manifold of a body with the edge in a slot, in ``active`` lanes, after `turn_corners`.

    Impulses of points that were there before are kept (b2Contact::Update).
    """
    row, work, contact = at + BODY * body, lane_row(at, tables) + CORNERS, slot_row(at, tables, body, slot)
    sin, cos = load(state, row + SIN), load(state, row + COS)
    x1, y1 = load(state, contact + EDGE_X1), load(state, contact + EDGE_Y1)
    x2, y2 = load(state, contact + EDGE_X2), load(state, contact + EDGE_Y2)
    nx, ny = load(state, contact + EDGE_NORMAL_X), load(state, contact + EDGE_NORMAL_Y)
    middle_x = (cos * tables.centroids[body, 0] - sin * tables.centroids[body, 1]) + load(state, row + ORIGIN_X)
    middle_y = (sin * tables.centroids[body, 0] + cos * tables.centroids[body, 1]) + load(state, row + ORIGIN_Y)
    front = nx * (middle_x - x1) + ny * (middle_y - y1) >= f32(0)
    nx, ny = select(front, nx, -nx), select(front, ny, -ny)
    meets, of_b, face, opposite = _find_axis(state, work, tables.corners[body], x1, y1, x2, y2, nx, ny)
    if not any_lane(meets & active):
        store(state, contact + POINTS, select(active, f32(0), load(state, contact + POINTS)))
        return

    # The face that clips: of the body, or the edge. It begins at (fx, fy) and ends at (gx, gy).
    face_x, face_y, face_nx, face_ny, face_end_x, face_end_y, end = _corner(state, work, tables.corners[body], face)
    first_index, second_index = select(front, f32(0), f32(1)), select(front, f32(1), f32(0))
    first_index, second_index = select(of_b, face, first_index), select(of_b, end, second_index)
    fx, fy = select(of_b, face_x, select(front, x1, x2)), select(of_b, face_y, select(front, y1, y2))
    gx, gy = select(of_b, face_end_x, select(front, x2, x1)), select(of_b, face_end_y, select(front, y2, y1))
    fnx, fny = select(of_b, face_nx, nx), select(of_b, face_ny, ny)
    _write_face(state, contact, tables, body, active, of_b, face, fx, fy, fnx, fny)

    # The segment that is clipped: the edge, or the face of the body that looks most at it.
    ax, ay, _, _, bx, by, end = _corner(state, work, tables.corners[body], opposite)
    ax, ay, bx, by = select(of_b, x1, ax), select(of_b, y1, ay), select(of_b, x2, bx), select(of_b, y2, by)
    of_edge = identity(f32(0), face, VERTEX_A, FACES_B)
    a_id = select(of_b, of_edge, identity(f32(0), opposite, FACES_A, VERTEX_B))
    b_id = select(of_b, of_edge, identity(f32(0), end, FACES_A, VERTEX_B))
    # A point made by clipping is a corner of the clipping face on the clipped segment.
    sx, sy = fny, -fnx
    cut = identity(first_index, _index_of_b(a_id), VERTEX_A, FACES_B)
    ax, ay, a_id, bx, by, b_id, whole = _clip(ax, ay, a_id, bx, by, b_id, sx, sy, sx * fx + sy * fy, cut)
    meets = meets & whole
    cut = identity(second_index, _index_of_b(a_id), VERTEX_A, FACES_B)
    ax, ay, a_id, bx, by, b_id, whole = _clip(ax, ay, a_id, bx, by, b_id, -sx, -sy, -sx * gx + -sy * gy, cut)
    meets = meets & whole
    a_close = meets & (fnx * (ax - fx) + fny * (ay - fy) <= _RADIUS)
    b_close = meets & (fnx * (bx - fx) + fny * (by - fy) <= _RADIUS)

    # Points of the edge stay as they are; points of the body are turned into its frame.
    a_id, b_id = select(of_b, _swapped(a_id), a_id), select(of_b, _swapped(b_id), b_id)
    ax, ay = _in_frame(state, row, of_b, ax, ay)
    bx, by = _in_frame(state, row, of_b, bx, by)
    ax, ay, a_id = select(a_close, ax, bx), select(a_close, ay, by), select(a_close, a_id, b_id)
    points = select(a_close, f32(1), f32(0)) + select(b_close, f32(1), f32(0))
    _keep_impulses(state, contact, a_id, b_id, points, active)
    p, q = contact + FIRST_POINT, contact + FIRST_POINT + POINT
    store(state, p + LOCAL_X, select(active, ax, load(state, p + LOCAL_X)))
    store(state, p + LOCAL_Y, select(active, ay, load(state, p + LOCAL_Y)))
    store(state, q + LOCAL_X, select(active, bx, load(state, q + LOCAL_X)))
    store(state, q + LOCAL_Y, select(active, by, load(state, q + LOCAL_Y)))


@elementwise
def _find_axis(state, work, count, x1, y1, x2, y2, nx, ny):
    """The axis of least penetration: the edge's normal, or that of a face of the body that looks at the edge.

    Returns the mask of lanes that meet, that of lanes whose axis is the body's, the body's best face, and the face that
    looks most at the edge.
    """
    edge_separation, opposite_along = spread(_LARGEST), spread(_LARGEST)
    face_separation, face, opposite = spread(-_LARGEST), spread(f32(-1)), spread(f32(0))
    apart = no_lanes()
    for i in range(count):
        vx, vy = load(state, work + 4 * i), load(state, work + 4 * i + 1)
        mx, my = load(state, work + 4 * i + 2), load(state, work + 4 * i + 3)
        edge_separation = minimum(nx * (vx - x1) + ny * (vy - y1), edge_separation)
        s = minimum(-mx * (vx - x1) + -my * (vy - y1), -mx * (vx - x2) + -my * (vy - y2))
        apart = apart | (s > _RADIUS)
        looks = (-mx - -nx) * nx + (-my - -ny) * ny >= -ANGULAR_SLOP
        better = looks & (s > face_separation)
        face_separation, face = select(better, s, face_separation), select(better, f32(i), face)
        along = nx * mx + ny * my
        lower = along < opposite_along
        opposite_along, opposite = select(lower, along, opposite_along), select(lower, f32(i), opposite)
    of_b = (face >= f32(0)) & (face_separation > _RELATIVE * edge_separation + _ABSOLUTE)
    return ~(apart | (edge_separation > _RADIUS)), of_b, face, opposite


@elementwise
def _corner(state, work, count, index):
    """Of each lane's corner: position, the normal of the edge that begins there, and position and index of the next."""
    x, y = load(state, work), load(state, work + 1)
    mx, my = load(state, work + 2), load(state, work + 3)
    end_x, end_y, end = load(state, work + 4), load(state, work + 5), spread(f32(1))
    for i in range(1, count):
        here = index == f32(i)
        following = i + 1 if i + 1 < count else 0
        x, y = select(here, load(state, work + 4 * i), x), select(here, load(state, work + 4 * i + 1), y)
        mx, my = select(here, load(state, work + 4 * i + 2), mx), select(here, load(state, work + 4 * i + 3), my)
        end_x = select(here, load(state, work + 4 * following), end_x)
        end_y = select(here, load(state, work + 4 * following + 1), end_y)
        end = select(here, f32(following), end)
    return x, y, mx, my, end_x, end_y, end


@elementwise
def _write_face(state, contact, tables, body, active, of_b, face, fx, fy, fnx, fny):
    """Write the clipping face, in its own shape's frame."""
    for i in range(tables.corners[body]):
        here = of_b & (face == f32(i))
        fx, fy = select(here, tables.vertices[body, i, 0], fx), select(here, tables.vertices[body, i, 1], fy)
        fnx, fny = select(here, tables.normals[body, i, 0], fnx), select(here, tables.normals[body, i, 1], fny)
    store(state, contact + FACE_B, select(active, select(of_b, f32(1), f32(0)), load(state, contact + FACE_B)))
    store(state, contact + NORMAL_X, select(active, fnx, load(state, contact + NORMAL_X)))
    store(state, contact + NORMAL_Y, select(active, fny, load(state, contact + NORMAL_Y)))
    store(state, contact + POINT_X, select(active, fx, load(state, contact + POINT_X)))
    store(state, contact + POINT_Y, select(active, fy, load(state, contact + POINT_Y)))


@elementwise
def _in_frame(state, row, keeps, x, y):
    """A point in the frame of a body, or as it is in lanes that keep it."""
    sin, cos = load(state, row + SIN), load(state, row + COS)
    dx, dy = x - load(state, row + ORIGIN_X), y - load(state, row + ORIGIN_Y)
    return select(keeps, x, cos * dx + sin * dy), select(keeps, y, -sin * dx + cos * dy)


@elementwise
def _index_of_b(key):
    """The index of B in a point's identity, by exact arithmetic: keys are whole numbers below 1024."""
    rest = select(key >= f32(512), key - f32(512), key)
    rest = select(rest >= f32(256), rest - f32(256), rest)
    # The indices of A are below 16, and so few that the half is far from a rounding.
    shifted = (rest - f32(7.5)) * f32(0.0625)
    return (shifted + f32(12582912.0)) - f32(12582912.0)


@elementwise
def _swapped(key):
    """The identity with A and B exchanged."""
    index_b = _index_of_b(key)
    of_b = select(key >= f32(512), f32(1), f32(0))
    rest = select(key >= f32(512), key - f32(512), key)
    of_a = select(rest >= f32(256), f32(1), f32(0))
    rest = select(rest >= f32(256), rest - f32(256), rest)
    index_a = rest - f32(16) * index_b
    return identity(index_b, index_a, of_b * f32(256), of_a * f32(512))


@inner
def _keep_impulses(state, contact, a_id, b_id, points, active):
    """Write identities and number of the new points, with the impulses of old points that have the same identity."""
    old_points = load(state, contact + POINTS)
    p, q = contact + FIRST_POINT, contact + FIRST_POINT + POINT
    old_p, old_q = load(state, p + ID), load(state, q + ID)
    p_push, q_push = load(state, p + NORMAL_IMPULSE), load(state, q + NORMAL_IMPULSE)
    p_rub, q_rub = load(state, p + TANGENT_IMPULSE), load(state, q + TANGENT_IMPULSE)
    has_p, has_q = old_points >= f32(1), old_points >= f32(2)
    a_is_p, a_is_q = has_p & (a_id == old_p), has_q & (a_id == old_q)
    b_is_p, b_is_q = has_p & (b_id == old_p), has_q & (b_id == old_q)
    a_push = select(a_is_p, p_push, select(a_is_q, q_push, f32(0)))
    b_push = select(b_is_p, p_push, select(b_is_q, q_push, f32(0)))
    a_rub = select(a_is_p, p_rub, select(a_is_q, q_rub, f32(0)))
    b_rub = select(b_is_p, p_rub, select(b_is_q, q_rub, f32(0)))
    store(state, contact + POINTS, select(active, points, old_points))
    store(state, p + ID, select(active, a_id, old_p))
    store(state, q + ID, select(active, b_id, old_q))
    store(state, p + NORMAL_IMPULSE, select(active, a_push, p_push))
    store(state, q + NORMAL_IMPULSE, select(active, b_push, q_push))
    store(state, p + TANGENT_IMPULSE, select(active, a_rub, p_rub))
    store(state, q + TANGENT_IMPULSE, select(active, b_rub, q_rub))
