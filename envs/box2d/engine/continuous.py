"""b2World::SolveTOI: bodies stop where they would pass into the ground, and move on from there.

An event concerns one body and the ground only, so bodies and lanes are treated one after another.
"""

from typing import Any

import numpy as np

from envs.box2d.engine.bodies import MAX_ROTATION, MAX_TRANSLATION, transform
from envs.box2d.engine.collide import synchronize, update_contact
from envs.box2d.engine.contacts import (
    IMPACT_BAUMGARTE,
    begin_contact,
    pack,
    pack_nothing,
    solve_contact_position,
    solve_contact_velocity,
)
from envs.box2d.engine.ground import MARGIN, SKIN
from envs.box2d.engine.impact import LINEAR_SLOP, TARGET, TOLERANCE, time_of_impact
from envs.box2d.engine.manifolds import turn_corners
from envs.box2d.engine.places import contact_row, lane_row, slot_row, solver_row
from envs.box2d.engine.rows import (
    ANGLE,
    ANGLE0,
    AWAKE,
    BODY,
    CONTACTS,
    CORNERS,
    EDGE_NORMAL_X,
    EDGE_NORMAL_Y,
    EDGE_X1,
    EDGE_X2,
    EDGE_Y1,
    EDGE_Y2,
    ENABLED,
    FIRST_SOLVED,
    GROUND_HIGH_X,
    GROUND_HIGH_Y,
    GROUND_INDEX,
    GROUND_LOW_X,
    GROUND_LOW_Y,
    IMPACT_KNOWN,
    IMPACT_TIME,
    IMPACTS,
    MASK,
    PUSH,
    RUB,
    SHAPE,
    SLOTS,
    SOLVED,
    SPIN,
    TOUCHING,
    VELOCITY_X,
    VELOCITY_Y,
    X0,
    Y0,
    X,
    Y,
)
from envs.box2d.engine.scene import CENTER_X, CENTER_Y
from envs.box2d.engine.vectors import (
    LANES,
    any_lane,
    lane_numbers,
    load,
    maximum,
    minimum,
    no_lanes,
    select,
    spread,
    store,
)
from wann.kernels.jit import inner

f32 = np.float32
i64: Any = np.int64

_LARGEST = f32(np.finfo(np.float32).max)
_MOST_IMPACTS = f32(8)  # of one contact in one step
_POSITION_ITERATIONS = 20
_NO_EVENT = f32(1) - f32(10) * f32(1.1920929e-07)
# Closer than this along a whole sweep, b2TimeOfImpact has to tell; the rest is for rounding.
_NEAR = f32(1.1) * (TARGET + TOLERANCE)


@inner
def solve_impacts(state, at, tables, grounds, body, work):
    """All events of one body in all lanes. Needs the corners that `synchronize` leaves."""
    contacts = contact_row(at, tables, body) + CONTACTS
    count = load(state, contacts)
    awake = load(state, at + BODY * body + AWAKE) > f32(0)
    near = no_lanes()
    for slot in range(SLOTS):
        exists = awake & (count > f32(slot))
        if not any_lane(exists):
            break
        contact = slot_row(at, tables, body, slot)
        far = _stays_far(state, at, tables, body, contact)
        near = near | (exists & ~far)
        store(state, contact + IMPACT_KNOWN, select(far, f32(1), f32(0)))
        store(state, contact + IMPACT_TIME, f32(1))
        store(state, contact + IMPACTS, f32(0))
    if any_lane(near):
        store(state, lane_row(at, tables) + MASK, select(near, f32(1), f32(0)))
        for lane in range(LANES):
            work.lanes[lane] = state[(lane_row(at, tables) + MASK) * LANES + lane] > f32(0)
        for lane in range(LANES):
            if work.lanes[lane]:
                _solve_lane(state, at, tables, grounds, body, lane, work)


@inner
def _stays_far(state, at, tables, body, contact):
    """The mask of lanes whose body is sure to keep away from the shape in a slot during its whole sweep.

    Separations at both ends of the sweep, along the edge's normal and along x and y, less what corners may bulge out
    between the ends. This decides only whether b2TimeOfImpact is asked; it answers 1 for these.
    """
    row, corners = at + BODY * body, lane_row(at, tables) + CORNERS
    nx, ny = load(state, contact + EDGE_NORMAL_X), load(state, contact + EDGE_NORMAL_Y)
    x1, y1 = load(state, contact + EDGE_X1), load(state, contact + EDGE_Y1)
    offset = nx * x1 + ny * y1
    low, high = spread(_LARGEST), spread(-_LARGEST)
    low_x, low_y, high_x, high_y = low, low, high, high
    for i in range(tables.corners[body]):
        for end in range(2):
            x, y = load(state, corners + 4 * i + 2 * end), load(state, corners + 4 * i + 2 * end + 1)
            along = nx * x + ny * y - offset
            low, high = minimum(low, along), maximum(high, along)
            low_x, high_x = minimum(low_x, x), maximum(high_x, x)
            low_y, high_y = minimum(low_y, y), maximum(high_y, y)
    inset = SKIN + MARGIN
    separation = select(load(state, contact + SHAPE) >= f32(0), maximum(low, -high), spread(-_LARGEST))
    separation = maximum(separation, low_x - (load(state, contact + GROUND_HIGH_X) - inset))
    separation = maximum(separation, low_y - (load(state, contact + GROUND_HIGH_Y) - inset))
    separation = maximum(separation, (load(state, contact + GROUND_LOW_X) + inset) - high_x)
    separation = maximum(separation, (load(state, contact + GROUND_LOW_Y) + inset) - high_y)
    turn = load(state, row + ANGLE) - load(state, row + ANGLE0)
    bulge = f32(0.125) * tables.reach[body] * turn * turn
    return separation - bulge > _NEAR


@inner
def _solve_lane(state, at, tables, grounds, body, lane, work):
    """Find the first event of a body, solve it, and so on until none is left."""
    alpha = f32(0)
    contacts = (contact_row(at, tables, body) + CONTACTS) * LANES + lane
    only = lane_numbers() == f32(lane)
    while True:
        first, earliest = i64(-1), f32(1)
        for slot in range(int(state[contacts])):
            contact = slot_row(at, tables, body, slot) * LANES + lane
            if state[contact + ENABLED * LANES] == f32(0) or state[contact + IMPACTS * LANES] > _MOST_IMPACTS:
                continue
            if state[contact + IMPACT_KNOWN * LANES] == f32(0):
                state[contact + IMPACT_TIME * LANES] = _ask(state, at, tables, grounds, body, lane, slot, alpha, work)
                state[contact + IMPACT_KNOWN * LANES] = f32(1)
            if state[contact + IMPACT_TIME * LANES] < earliest:
                first, earliest = slot, state[contact + IMPACT_TIME * LANES]
        if first < 0 or earliest > _NO_EVENT:
            return
        row = (at + BODY * body) * LANES + lane
        saved = work.saved
        for i, r in enumerate((X0, Y0, ANGLE0, X, Y, ANGLE)):
            saved[i] = state[row + r * LANES]
        _advance(state, row, (earliest - alpha) / (f32(1) - alpha))
        transform(state, at, tables.bodies, body)
        turn_corners(state, at, tables, body)
        update_contact(state, at, tables, grounds, body, first, only, work.corners)
        contact = slot_row(at, tables, body, first) * LANES + lane
        state[contact + IMPACT_KNOWN * LANES] = f32(0)
        state[contact + IMPACTS * LANES] += f32(1)
        if state[contact + TOUCHING * LANES] == f32(0):
            state[contact + ENABLED * LANES] = f32(0)
            for i, r in enumerate((X0, Y0, ANGLE0, X, Y, ANGLE)):
                state[row + r * LANES] = saved[i]
            transform(state, at, tables.bodies, body)
            continue
        alpha = earliest
        _solve_event(state, at, tables, grounds, body, lane, first, (f32(1) - alpha) * f32(tables.step), work)


@inner
def _ask(state, at, tables, grounds, body, lane, slot, alpha, work):
    """The time of impact of a contact in the step, of which the share ``alpha`` is over."""
    contact, row = slot_row(at, tables, body, slot) * LANES + lane, (at + BODY * body) * LANES + lane
    shape = int(state[contact + SHAPE * LANES])
    own = work.corners[0]
    count = 2
    if shape >= 0:
        own[0, 0], own[0, 1] = state[contact + EDGE_X1 * LANES], state[contact + EDGE_Y1 * LANES]
        own[1, 0], own[1, 1] = state[contact + EDGE_X2 * LANES], state[contact + EDGE_Y2 * LANES]
    else:
        ground = int(state[(lane_row(at, tables) + GROUND_INDEX) * LANES + lane])
        count = 4
        for i in range(count):
            own[i, 0] = grounds.polygons[ground, -1 - shape, 2 * i]
            own[i, 1] = grounds.polygons[ground, -1 - shape, 2 * i + 1]
    sweep = work.sweep
    for i, r in enumerate((X0, Y0, ANGLE0, X, Y, ANGLE)):
        sweep[i] = state[row + r * LANES]
    sweep[6], sweep[7] = tables.bodies[body, CENTER_X], tables.bodies[body, CENTER_Y]
    share = time_of_impact(
        own, count, tables.vertices[body], tables.corners[body], sweep, work.simplex, work.indices, work.axis
    )
    if share == f32(1):
        return f32(1)
    return min(alpha + (f32(1) - alpha) * share, f32(1))


@inner
def _advance(state, row, share):
    """b2Body::Advance: the body is where it is after a share of its sweep."""
    rest = f32(1) - share
    for start, end in ((X0, X), (Y0, Y), (ANGLE0, ANGLE)):
        there = rest * state[row + start * LANES] + share * state[row + end * LANES]
        state[row + start * LANES] = there
        state[row + end * LANES] = there


@inner
def _solve_event(state, at, tables, grounds, body, lane, first, h, work):
    """b2Island::SolveTOI for a body that touches in slot ``first``, with all that touches, for ``h`` seconds."""
    only = lane_numbers() == f32(lane)
    pack_nothing(state, at, tables, body)
    pack(state, at, tables, body, lane, i64(0), first, f32(0))
    count = i64(1)
    for slot in range(int(state[(contact_row(at, tables, body) + CONTACTS) * LANES + lane])):
        if slot == first:
            continue
        update_contact(state, at, tables, grounds, body, slot, only, work.corners)
        if state[(slot_row(at, tables, body, slot) + TOUCHING) * LANES + lane] > f32(0):
            pack(state, at, tables, body, lane, count, slot, f32(0))
            count += 1
    for _ in range(_POSITION_ITERATIONS):
        smallest = spread(f32(0))
        for number in range(count):
            separation = solve_contact_position(state, at, tables, body, number, only, IMPACT_BAUMGARTE)
            smallest = minimum(smallest, separation)
        if not any_lane(only & (smallest < f32(-1.5) * LINEAR_SLOP)):
            break
    row = (at + BODY * body) * LANES + lane
    for start, end in ((X0, X), (Y0, Y), (ANGLE0, ANGLE)):
        state[row + start * LANES] = state[row + end * LANES]
    for number in range(count):
        begin_contact(state, at, tables, body, number)
    _note(state, at, tables, body, lane, count, work.noted)
    for _ in range(tables.velocity_iterations):
        for number in range(count):
            solve_contact_velocity(state, at, tables, body, number, i64(1))
        # What an iteration leaves unchanged, all later ones do.
        if not _note(state, at, tables, body, lane, count, work.noted):
            break
    _move_lane(state, row, h)
    transform(state, at, tables.bodies, body)
    synchronize(state, at, tables, grounds, body, only)
    for slot in range(int(state[(contact_row(at, tables, body) + CONTACTS) * LANES + lane])):
        state[(slot_row(at, tables, body, slot) + IMPACT_KNOWN) * LANES + lane] = f32(0)


@inner
def _note(state, at, tables, body, lane, count, noted):
    """Note velocities and impulses of a lane; True if any differs from what was noted before."""
    row = (at + BODY * body) * LANES + lane
    changed = False
    i = 0
    for r in (VELOCITY_X, VELOCITY_Y, SPIN):
        changed = changed or noted[i] != state[row + r * LANES]
        noted[i] = state[row + r * LANES]
        i += 1
    for number in range(count):
        for p in range(2):
            point = (solver_row(at, tables, body, number) + FIRST_SOLVED + SOLVED * p) * LANES + lane
            for r in (PUSH, RUB):
                changed = changed or noted[i] != state[point + r * LANES]
                noted[i] = state[point + r * LANES]
                i += 1
    return changed


@inner
def _move_lane(state, row, h):
    """Positions of one lane follow its velocities, as `envs.box2d.engine.bodies.move` does it."""
    x, y, spin = state[row + VELOCITY_X * LANES], state[row + VELOCITY_Y * LANES], state[row + SPIN * LANES]
    step_x, step_y = h * x, h * y
    square = step_x * step_x + step_y * step_y
    if square > MAX_TRANSLATION * MAX_TRANSLATION:
        ratio = MAX_TRANSLATION / np.sqrt(square)
        x, y = x * ratio, y * ratio
    turn = h * spin
    if turn * turn > MAX_ROTATION * MAX_ROTATION:
        spin = spin * (MAX_ROTATION / np.abs(turn))
    state[row + VELOCITY_X * LANES], state[row + VELOCITY_Y * LANES], state[row + SPIN * LANES] = x, y, spin
    state[row + X * LANES] += h * x
    state[row + Y * LANES] += h * y
    state[row + ANGLE * LANES] += h * spin
