"""Contacts from step to step: b2ContactManager::Collide, b2Contact::Update and the enlarged boxes of bodies."""

import numpy as np

from envs.box2d.engine.ground import MARGIN, SKIN, find_contacts, remove_contact
from envs.box2d.engine.manifolds import collide_edge, turn_corners
from envs.box2d.engine.places import contact_row, lane_row, slot_row
from envs.box2d.engine.polygons import collide_polygon
from envs.box2d.engine.rows import (
    ANGLE0,
    BODY,
    CONTACTS,
    CORNERS,
    COS,
    ENABLED,
    GROUND,
    GROUND_HIGH_X,
    GROUND_HIGH_Y,
    GROUND_LOW_X,
    GROUND_LOW_Y,
    HIGH_X,
    HIGH_Y,
    HIT,
    LOW_X,
    LOW_Y,
    MASK,
    NUMBER,
    ORIGIN_X,
    ORIGIN_Y,
    POINTS,
    SHAPE,
    SIN,
    SLOTS,
    TOUCHING,
    X0,
    Y0,
)
from envs.box2d.engine.scene import CENTER_X, CENTER_Y
from envs.box2d.engine.sines import sine_and_cosine
from envs.box2d.engine.vectors import LANES, any_lane, load, maximum, minimum, select, store
from wann.kernels.jit import inner

f32, i64 = np.float32, np.int64


@inner
def collide(state, at, tables, grounds, corners):
    """Update every contact: those whose boxes have parted end, and the others get new manifolds."""
    for body in range(len(tables.bodies)):
        first = contact_row(at, tables, body)
        count = load(state, first + CONTACTS)
        if not any_lane(count > f32(0)):
            continue
        turn_corners(state, at, tables, body)
        low_x, low_y = load(state, first + LOW_X), load(state, first + LOW_Y)
        high_x, high_y = load(state, first + HIGH_X), load(state, first + HIGH_Y)
        parted = False
        for slot in range(SLOTS):
            exists = count > f32(slot)
            if not any_lane(exists):
                break
            contact = slot_row(at, tables, body, slot)
            apart = (load(state, contact + GROUND_LOW_X) > high_x) | (load(state, contact + GROUND_LOW_Y) > high_y)
            apart = apart | (low_x > load(state, contact + GROUND_HIGH_X))
            apart = exists & (apart | (low_y > load(state, contact + GROUND_HIGH_Y)))
            update_contact(state, at, tables, grounds, body, slot, exists & ~apart, corners)
            if any_lane(apart):
                parted = True
                ended = apart & (load(state, contact + TOUCHING) > f32(0))
                store(state, first + GROUND, select(ended, f32(0), load(state, first + GROUND)))
                store(state, contact + NUMBER, select(apart, f32(-1), load(state, contact + NUMBER)))
        if parted:
            _remove_parted(state, at, tables, body)


@inner
def _remove_parted(state, at, tables, body):
    for lane in range(LANES):
        for slot in range(int(state[(contact_row(at, tables, body) + CONTACTS) * LANES + lane]) - 1, -1, -1):
            if state[(slot_row(at, tables, body, slot) + NUMBER) * LANES + lane] < f32(0):
                remove_contact(state, at, tables, body, lane, slot)


@inner
def update_contact(state, at, tables, grounds, body, slot, active, corners):
    """b2Contact::Update in the ``active`` lanes, with what a listener would hear. Needs `turn_corners` before."""
    contact, first = slot_row(at, tables, body, slot), contact_row(at, tables, body)
    of_edge = load(state, contact + SHAPE) >= f32(0)
    if any_lane(active & of_edge):
        collide_edge(state, at, tables, body, slot, active & of_edge)
    if any_lane(active & ~of_edge):
        store(state, lane_row(at, tables) + MASK, select(active & ~of_edge, f32(1), f32(0)))
        for lane in range(LANES):
            if state[(lane_row(at, tables) + MASK) * LANES + lane] > f32(0):
                collide_polygon(state, at, tables, grounds, body, slot, lane, corners)
    touched = load(state, contact + TOUCHING)
    touches = load(state, contact + POINTS) > f32(0)
    begins = active & touches & (touched == f32(0))
    ends = active & ~touches & (touched > f32(0))
    ground = load(state, first + GROUND)
    store(state, first + GROUND, select(begins, f32(1), select(ends, f32(0), ground)))
    store(state, first + HIT, select(begins, f32(1), load(state, first + HIT)))
    store(state, contact + TOUCHING, select(active, select(touches, f32(1), f32(0)), touched))
    store(state, contact + ENABLED, select(active, f32(1), load(state, contact + ENABLED)))


@inner
def synchronize(state, at, tables, grounds, body, active):
    """b2Body::SynchronizeFixtures and FindNewContacts, for one body in the ``active`` lanes.

    A box that no longer holds the body's sweep is made anew: enlarged, and stretched ahead. The corners of the body at
    both ends of the sweep are left in the work space.
    """
    row, first, work = at + BODY * body, contact_row(at, tables, body), lane_row(at, tables) + CORNERS
    sin_0, cos_0 = sine_and_cosine(load(state, row + ANGLE0))
    center_x, center_y = tables.bodies[body, CENTER_X], tables.bodies[body, CENTER_Y]
    x0 = load(state, row + X0) - (cos_0 * center_x - sin_0 * center_y)
    y0 = load(state, row + Y0) - (sin_0 * center_x + cos_0 * center_y)
    sin, cos = load(state, row + SIN), load(state, row + COS)
    x1, y1 = load(state, row + ORIGIN_X), load(state, row + ORIGIN_Y)
    low_x, low_y, high_x, high_y = _corner_boxes(
        state, work, tables, body, i64(0), sin_0, cos_0, x0, y0, sin, cos, x1, y1
    )
    for i in range(1, tables.corners[body]):
        a, b, c, d = _corner_boxes(state, work, tables, body, i, sin_0, cos_0, x0, y0, sin, cos, x1, y1)
        low_x, low_y = minimum(low_x, a), minimum(low_y, b)
        high_x, high_y = maximum(high_x, c), maximum(high_y, d)
    low_x, low_y, high_x, high_y = low_x - SKIN, low_y - SKIN, high_x + SKIN, high_y + SKIN
    holds = (load(state, first + LOW_X) <= low_x) & (load(state, first + LOW_Y) <= low_y)
    holds = holds & (high_x <= load(state, first + HIGH_X)) & (high_y <= load(state, first + HIGH_Y))
    leaves = active & ~holds
    if not any_lane(leaves):
        return
    ahead_x, ahead_y = f32(2) * (x1 - x0), f32(2) * (y1 - y0)
    low_x, low_y, high_x, high_y = low_x - MARGIN, low_y - MARGIN, high_x + MARGIN, high_y + MARGIN
    low_x, high_x = select(ahead_x < f32(0), low_x + ahead_x, low_x), select(ahead_x < f32(0), high_x, high_x + ahead_x)
    low_y, high_y = select(ahead_y < f32(0), low_y + ahead_y, low_y), select(ahead_y < f32(0), high_y, high_y + ahead_y)
    store(state, first + LOW_X, select(leaves, low_x, load(state, first + LOW_X)))
    store(state, first + LOW_Y, select(leaves, low_y, load(state, first + LOW_Y)))
    store(state, first + HIGH_X, select(leaves, high_x, load(state, first + HIGH_X)))
    store(state, first + HIGH_Y, select(leaves, high_y, load(state, first + HIGH_Y)))
    store(state, lane_row(at, tables) + MASK, select(leaves, f32(1), f32(0)))
    for lane in range(LANES):
        if state[(lane_row(at, tables) + MASK) * LANES + lane] > f32(0):
            find_contacts(state, at, tables, grounds, body, lane)


@inner
def _corner_boxes(state, work, tables, body, i, sin_0, cos_0, x0, y0, sin, cos, x1, y1):
    """Write a corner at both ends of the sweep; returns the box around the two."""
    x, y = tables.vertices[body, i, 0], tables.vertices[body, i, 1]
    ax, ay = (cos_0 * x - sin_0 * y) + x0, (sin_0 * x + cos_0 * y) + y0
    bx, by = (cos * x - sin * y) + x1, (sin * x + cos * y) + y1
    store(state, work + 4 * i, ax)
    store(state, work + 4 * i + 1, ay)
    store(state, work + 4 * i + 2, bx)
    store(state, work + 4 * i + 3, by)
    return minimum(ax, bx), minimum(ay, by), maximum(ax, bx), maximum(ay, by)


@inner
def enclose(state, at, tables, grounds, body, lane):
    """The enlarged box of a body that was just placed in a lane, and its first contacts."""
    row, first = (at + BODY * body) * LANES + lane, contact_row(at, tables, body) * LANES + lane
    sin, cos = state[row + SIN * LANES], state[row + COS * LANES]
    x0, y0 = state[row + ORIGIN_X * LANES], state[row + ORIGIN_Y * LANES]
    for i in range(tables.corners[body]):
        vx, vy = tables.vertices[body, i, 0], tables.vertices[body, i, 1]
        x, y = (cos * vx - sin * vy) + x0, (sin * vx + cos * vy) + y0
        if i == 0:
            low_x, low_y, high_x, high_y = x, y, x, y
        low_x, low_y, high_x, high_y = min(low_x, x), min(low_y, y), max(high_x, x), max(high_y, y)
    state[first + LOW_X * LANES] = (low_x - SKIN) - MARGIN
    state[first + LOW_Y * LANES] = (low_y - SKIN) - MARGIN
    state[first + HIGH_X * LANES] = (high_x + SKIN) + MARGIN
    state[first + HIGH_Y * LANES] = (high_y + SKIN) + MARGIN
    find_contacts(state, at, tables, grounds, body, lane)
