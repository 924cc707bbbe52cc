"""The ground of a lane, and contacts that begin and end as enlarged boxes meet and part (b2ContactManager).

A ground is a chain of edges from left to right at equal distances in x, and some convex polygons of four corners.
Tables hold many grounds; a lane's row `GROUND_INDEX` names its own. Where polygons exist, they were created before the
edges, so they are numbered first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.places import contact_row, joint_row, lane_row, slot_row
from envs.box2d.engine.rows import (
    AWAKE,
    BODY,
    CONTACTS,
    EDGE_NORMAL_X,
    EDGE_NORMAL_Y,
    EDGE_X1,
    EDGE_X2,
    EDGE_Y1,
    EDGE_Y2,
    ENABLED,
    FIRST_SLOT,
    GROUND_HIGH_X,
    GROUND_HIGH_Y,
    GROUND_INDEX,
    GROUND_LOW_X,
    GROUND_LOW_Y,
    HIGH_X,
    HIGH_Y,
    JOINT,
    LOW_X,
    LOW_Y,
    NUMBER,
    OVERFLOW,
    SHAPE,
    SLOT,
    SLOTS,
)
from envs.box2d.engine.vectors import LANES
from wann.kernels.jit import inner

f32 = np.float32

# Columns of an edge: ends, normal, enlarged box.
EDGE = 10
BOX_OF_EDGE = 6
# Columns of a polygon: corners, normals, centroid, enlarged box.
POLYGON_NORMALS, POLYGON_CENTROID, BOX_OF_POLYGON = 8, 16, 18
POLYGON = 22

SKIN, MARGIN = f32(0.01), f32(0.1)


class Grounds(NamedTuple):
    """Tables of grounds as kernels read them."""

    edges: NDArray[np.float32]  # [G, E, 10]
    polygons: NDArray[np.float32]  # [G, most, 22]
    num_polygons: NDArray[np.int64]  # [G]
    pitch: float  # distance of edges in x


@inner
def clear_lane(state, at, tables, lane, ground):
    """Forget the joints' impulses, all contacts and what was touched in one lane, and put it on a ground."""
    for joint in range(len(tables.joints)):
        for r in range(JOINT):
            state[(joint_row(at, tables, joint) + r) * LANES + lane] = f32(0)
    for body in range(len(tables.bodies)):
        for r in range(FIRST_SLOT):
            state[(contact_row(at, tables, body) + r) * LANES + lane] = f32(0)
    state[(lane_row(at, tables) + OVERFLOW) * LANES + lane] = f32(0)
    state[(lane_row(at, tables) + GROUND_INDEX) * LANES + lane] = f32(ground)


@inner
def describe_edge(edges, ground, i, x1, y1, x2, y2):
    """Fill a row of the table from the ends of an edge (b2EdgeShape, b2DynamicTree::CreateProxy)."""
    row = edges[ground, i]
    x, y = f32(x2) - f32(x1), f32(y2) - f32(y1)
    inverse = f32(1) / np.sqrt(x * x + y * y)
    row[0], row[1], row[2], row[3] = x1, y1, x2, y2
    row[4], row[5] = y * inverse, -(x * inverse)
    row[6] = (min(row[0], row[2]) - SKIN) - MARGIN
    row[7] = (min(row[1], row[3]) - SKIN) - MARGIN
    row[8] = (max(row[0], row[2]) + SKIN) + MARGIN
    row[9] = (max(row[1], row[3]) + SKIN) + MARGIN


@inner
def find_contacts(state, at, tables, grounds, body, lane):
    """b2ContactManager::FindNewContacts for a body whose enlarged box has changed: polygons first, then edges."""
    ground = int(state[(lane_row(at, tables) + GROUND_INDEX) * LANES + lane])
    first = contact_row(at, tables, body) * LANES + lane
    low_x, low_y = state[first + LOW_X * LANES], state[first + LOW_Y * LANES]
    high_x, high_y = state[first + HIGH_X * LANES], state[first + HIGH_Y * LANES]
    num_polygons, num_edges = grounds.num_polygons[ground], grounds.edges.shape[1]
    for i in range(num_polygons):
        if _overlaps(grounds.polygons, ground, i, BOX_OF_POLYGON, low_x, low_y, high_x, high_y):
            _add_contact(state, at, tables, grounds, ground, body, lane, i, -1 - i)
    begin = max(int(low_x / grounds.pitch) - 2, 0)
    end = min(int(high_x / grounds.pitch) + 3, num_edges)
    for i in range(begin, end):
        if _overlaps(grounds.edges, ground, i, BOX_OF_EDGE, low_x, low_y, high_x, high_y):
            _add_contact(state, at, tables, grounds, ground, body, lane, num_polygons + i, i)


@inner
def _overlaps(shapes, ground, i, column, low_x, low_y, high_x, high_y):
    return not (
        shapes[ground, i, column] > high_x
        or shapes[ground, i, column + 1] > high_y
        or low_x > shapes[ground, i, column + 2]
        or low_y > shapes[ground, i, column + 3]
    )


@inner
def _add_contact(state, at, tables, grounds, ground, body, lane, number, shape):
    """A new contact in slot 0, unless there is one with that shape. It wakes the body."""
    first = contact_row(at, tables, body) * LANES + lane
    count = int(state[first + CONTACTS * LANES])
    for slot in range(count):
        if state[(slot_row(at, tables, body, slot) + NUMBER) * LANES + lane] == f32(number):
            return
    if count == SLOTS:
        state[(lane_row(at, tables) + OVERFLOW) * LANES + lane] = f32(1)
        return
    for slot in range(count, 0, -1):
        _copy_slot(state, at, tables, body, lane, slot - 1, slot)
    state[first + CONTACTS * LANES] = f32(count + 1)
    contact = slot_row(at, tables, body, 0) * LANES + lane
    for r in range(SLOT):
        state[contact + r * LANES] = f32(0)
    state[contact + NUMBER * LANES] = f32(number)
    state[contact + SHAPE * LANES] = f32(shape)
    state[contact + ENABLED * LANES] = f32(1)
    if shape >= 0:
        rows = (EDGE_X1, EDGE_Y1, EDGE_X2, EDGE_Y2, EDGE_NORMAL_X, EDGE_NORMAL_Y)
        for i in range(6):
            state[contact + rows[i] * LANES] = grounds.edges[ground, shape, i]
    boxes, i, column = (
        (grounds.edges, shape, BOX_OF_EDGE) if shape >= 0 else (grounds.polygons, -1 - shape, BOX_OF_POLYGON)
    )
    state[contact + GROUND_LOW_X * LANES] = boxes[ground, i, column]
    state[contact + GROUND_LOW_Y * LANES] = boxes[ground, i, column + 1]
    state[contact + GROUND_HIGH_X * LANES] = boxes[ground, i, column + 2]
    state[contact + GROUND_HIGH_Y * LANES] = boxes[ground, i, column + 3]
    state[(at + BODY * body + AWAKE) * LANES + lane] = f32(1)


@inner
def _copy_slot(state, at, tables, body, lane, source, target):
    a = slot_row(at, tables, body, source) * LANES + lane
    b = slot_row(at, tables, body, target) * LANES + lane
    for r in range(SLOT):
        state[b + r * LANES] = state[a + r * LANES]


@inner
def remove_contact(state, at, tables, body, lane, slot):
    """Take a contact out of its slot; older ones move up."""
    first = contact_row(at, tables, body) * LANES + lane
    count = int(state[first + CONTACTS * LANES])
    for s in range(slot, count - 1):
        _copy_slot(state, at, tables, body, lane, s + 1, s)
    state[first + CONTACTS * LANES] = f32(count - 1)


@inner
def describe_polygon(polygons, ground, i, left, right, bottom, top):
    """Fill a row of the table for an upright rectangle (b2PolygonShape::Set, b2DynamicTree::CreateProxy)."""
    row = polygons[ground, i]
    row[0], row[1], row[2], row[3] = right, bottom, right, top
    row[4], row[5], row[6], row[7] = left, top, left, bottom
    area, x, y = f32(0), f32(0), f32(0)
    third = f32(1) / f32(3)
    for k in range(4):
        ax, ay = row[2 * k], row[2 * k + 1]
        bx, by = row[(2 * k + 2) % 8], row[(2 * k + 3) % 8]
        edge_x, edge_y = bx - ax, by - ay
        inverse = f32(1) / np.sqrt(edge_x * edge_x + edge_y * edge_y)
        row[POLYGON_NORMALS + 2 * k], row[POLYGON_NORMALS + 2 * k + 1] = edge_y * inverse, -edge_x * inverse
        triangle = f32(0.5) * (ax * by - ay * bx)
        area += triangle
        share = triangle * third
        x += share * (ax + bx)
        y += share * (ay + by)
    inverse = f32(1) / area
    row[POLYGON_CENTROID], row[POLYGON_CENTROID + 1] = x * inverse, y * inverse
    row[BOX_OF_POLYGON] = (row[6] - SKIN) - MARGIN
    row[BOX_OF_POLYGON + 1] = (row[7] - SKIN) - MARGIN
    row[BOX_OF_POLYGON + 2] = (row[2] + SKIN) + MARGIN
    row[BOX_OF_POLYGON + 3] = (row[3] + SKIN) + MARGIN
