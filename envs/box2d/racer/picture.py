"""The picture that a racer's encoder sees, drawn at its own size from the road and the pose of the car.

Gymnasium draws 1000 x 800 pixels and shrinks them, so each pixel of what remains is the average colour of an area. This
module computes these averages directly. A polygon's share of every pixel follows from its edges: an edge writes the
area below it, column by column, as differences between rows, and one sum down the rows makes areas of all edges at
once. Sums of float32 in a fixed order give the same bits on every machine.

Tiles and kerbs lie side by side, so their shares of a pixel add up, and grass is seen in the rest. The car lies on top.
Only green and red are drawn: together they tell all colours apart.
"""

import math

import numpy as np

from envs.box2d.racer.pose import HULL_ANGLE, HULL_X, HULL_Y, TIME, WHEELS
from envs.box2d.racer.track import BETA, DETAIL_STEP, KERB_WIDTH, PLAYFIELD, TRACK_WIDTH, X, Y
from wann.kernels.jit import inner, jit
from wann.kernels.maths import cos_pi, sin_pi

f32 = np.float32

CHANNELS = 2  # green, red
# Gymnasium's screen in pixels, without the dashboard below. The hull's origin is always at the same place.
_WIDTH, _HEIGHT = 1000.0, 700.0
_CAR_COLUMN, _CAR_ROW = 500.0, 600.0
_CAR_REACH = 52.0  # pixels around it that the car may cover
_FULL_ZOOM, _FIRST_ZOOM = 2.7 * 6, 0.1 * 6  # pixels of a metre
_BORDER = 0.5  # pixels by which its polygons are larger than they should be, because it draws their outlines too
_LOST = f32(2 / 255)  # it rounds down twice as it shrinks a picture

# Amounts of green and red.
_GRASS = (f32(204 / 255), f32(102 / 255))
_SQUARE = f32(26 / 255)  # green that squares of grass have more
_ROAD_GREY = f32(103.5 / 255)  # tiles are 102, 104 and 107 in turn, and 102 where the car has been
_HULL_RED = f32(204 / 255)
_WHEEL_GREY = f32(21 / 255)  # of black and a light stripe that turns with the wheel, on average

_SQUARE_SIDE = PLAYFIELD / 20
_UNIT = 0.02  # metres of a unit of the car's drawing
# The outline's right half, from the front to the back: wing, nose, body, wing.
_RIGHT = ((60, 130), (60, 110), (15.5, 110), (20, 20), (25, 20), (50, -10), (50, -40), (20, -90), (50, -90), (50, -120))
_HULL = np.array([*_RIGHT, *((-x, y) for x, y in _RIGHT[::-1])], np.float32) * f32(_UNIT)
_WHEEL = np.array([(14, 27), (14, -27), (-14, -27), (-14, 27)], np.float32) * f32(_UNIT)

# Planes of areas.
_ROAD, _KERBS, _WHITE_KERBS, _SQUARES, _FIELD, _HULLS, _WHEEL_AREA = range(7)
PLANES = 7


@jit
def draw(points, borders, tiles, pose, planes, image):
    """Draw what Gymnasium would show of one episode, by the shares of colours in every pixel.

    Args:
        points: [n, 4] of the track; see `envs.box2d.racer.track.Track`.
        borders: [n] bool, tiles with a kerb.
        tiles: [n, 4, 2].
        pose: [POSE]; see `envs.box2d.racer.pose`.
        planes: [PLANES, rows + 1, columns] float32, scratch.
        image: [CHANNELS, rows, columns] float32, written: green and red in [0, 1].
    """
    planes[:] = f32(0)
    rows, columns = image.shape[1], image.shape[2]
    zoom = _FIRST_ZOOM * max(1 - pose[TIME], 0.0) + _FULL_ZOOM * min(pose[TIME], 1.0)
    turn = f32(pose[HULL_ANGLE] / math.pi)
    sine, cosine = sin_pi(turn, False), cos_pi(turn, False)
    across, down = f32(zoom * columns / _WIDTH), f32(zoom * rows / _HEIGHT)
    view = (
        cosine * across,
        sine * across,
        f32(_CAR_COLUMN / _WIDTH * columns),
        sine * down,
        -cosine * down,
        f32(_CAR_ROW / _HEIGHT * rows),
    )
    ahead = (_CAR_ROW - _HEIGHT / 2) / zoom
    middle_x, middle_y = pose[HULL_X] - sine * ahead, pose[HULL_Y] + cosine * ahead
    radius = math.sqrt(_WIDTH * _WIDTH + _HEIGHT * _HEIGHT) / 2 / zoom
    edge_of_field = _draw_grass(planes, view, pose, middle_x, middle_y, radius)
    _draw_road(planes, view, points, borders, tiles, pose, sine, cosine, ahead, zoom)
    _draw_car(planes, view, pose)
    _compose(planes, edge_of_field, image)
    _compose_car(planes, image)


@inner
def _draw_grass(planes, view, pose, middle_x, middle_y, radius):
    """Draw squares of grass and, where it is in sight, the edge of the field; return whether it is."""
    side = _SQUARE_SIDE
    first_x, last_x = _squares_between(middle_x - radius, middle_x + radius)
    first_y, last_y = _squares_between(middle_y - radius, middle_y + radius)
    for i in range(first_x, last_x + 1, 2):
        for j in range(first_y, last_y + 1, 2):
            x, y = i * side, j * side
            apart_x, apart_y = x + side / 2 - middle_x, y + side / 2 - middle_y
            reach = radius + side * 0.7072
            if apart_x * apart_x + apart_y * apart_y < reach * reach:
                _draw_square(planes, _SQUARES, view, pose, x, y, side)
    reach = max(abs(middle_x), abs(middle_y)) + radius
    if reach > PLAYFIELD:
        _draw_square(planes, _FIELD, view, pose, -PLAYFIELD, -PLAYFIELD, 2 * PLAYFIELD)
    return reach > PLAYFIELD


@inner
def _squares_between(low, high):
    """The first and last even number of a square that may lie there, of -20 to 18."""
    first = 2 * math.floor(low / (2 * _SQUARE_SIDE))
    last = 2 * math.floor(high / (2 * _SQUARE_SIDE))
    return max(first, -20), min(last, 18)


@inner
def _draw_square(planes, plane, view, pose, x, y, side):
    """Add an upright square of the field, whose lower left corner is given, to a plane."""
    x, y = x - pose[HULL_X], y - pose[HULL_Y]
    one = (f32(1),)
    u0, v0 = _seen(view, x, y)
    u1, v1 = _seen(view, x, y + side)
    u2, v2 = _seen(view, x + side, y + side)
    u3, v3 = _seen(view, x + side, y)
    _edge(planes, plane, u0, v0, u1, v1, one)
    _edge(planes, plane, u1, v1, u2, v2, one)
    _edge(planes, plane, u2, v2, u3, v3, one)
    _edge(planes, plane, u3, v3, u0, v0, one)


@inner
def _draw_road(planes, view, points, borders, tiles, pose, sine, cosine, ahead, zoom):
    """Draw the tiles in sight and their kerbs."""
    widened = f32(1 + _BORDER / zoom / TRACK_WIDTH)
    # A tile's farthest corner is a step and a half width from its point.
    margin = TRACK_WIDTH + KERB_WIDTH + DETAIL_STEP
    half_width, half_height = _WIDTH / 2 / zoom + margin, _HEIGHT / 2 / zoom + margin
    i = 0
    drawn = False
    left, right = (f32(0), f32(0)), (f32(0), f32(0))
    while i < len(points):
        x, y = points[i, X] - pose[HULL_X], points[i, Y] - pose[HULL_Y]
        beyond = max(abs(x * cosine + y * sine) - half_width, abs(y * cosine - x * sine - ahead) - half_height)
        if beyond > 0:
            if drawn:
                _line(planes, _ROAD, left, right, (f32(1),))
                drawn = False
            # The road cannot come into sight in fewer steps.
            i += 1 + int(beyond / DETAIL_STEP)
            continue
        if not drawn:
            left, right = _sides(view, tiles[i, 3], tiles[i, 2], pose, widened)
            _line(planes, _ROAD, right, left, (f32(1),))
            drawn = True
        next_left, next_right = _sides(view, tiles[i, 0], tiles[i, 1], pose, widened)
        _line(planes, _ROAD, left, next_left, (f32(1),))
        _line(planes, _ROAD, next_right, right, (f32(1),))
        if borders[i]:
            white = f32(1 - i % 2)
            if points[i - 1, BETA] > points[i, BETA]:
                _draw_kerb(planes, left, right, next_left, next_right, white)
            else:
                _draw_kerb(planes, next_right, next_left, right, left, white)
        left, right = next_left, next_right
        i += 1
    if drawn:
        _line(planes, _ROAD, left, right, (f32(1),))


@inner
def _sides(view, left, right, pose, widened):
    """The ends in the picture of a line across the road."""
    u0, v0 = _seen(view, left[0] - pose[HULL_X], left[1] - pose[HULL_Y])
    u1, v1 = _seen(view, right[0] - pose[HULL_X], right[1] - pose[HULL_Y])
    u, v = f32(0.5) * (widened - f32(1)) * (u1 - u0), f32(0.5) * (widened - f32(1)) * (v1 - v0)
    return (u0 - u, v0 - v), (u1 + u, v1 + v)


@inner
def _draw_kerb(planes, left, right, next_left, next_right, white):
    """Draw the kerb on the right of a tile."""
    share = f32(KERB_WIDTH / TRACK_WIDTH / 2)
    outer = right[0] + share * (right[0] - left[0]), right[1] + share * (right[1] - left[1])
    next_outer = (
        next_right[0] + share * (next_right[0] - next_left[0]),
        next_right[1] + share * (next_right[1] - next_left[1]),
    )
    weights = (f32(1), white)
    _line(planes, _KERBS, right, next_right, weights)
    _line(planes, _KERBS, next_right, next_outer, weights)
    _line(planes, _KERBS, next_outer, outer, weights)
    _line(planes, _KERBS, outer, right, weights)


@inner
def _line(planes, first, begin, end, weights):
    _edge(planes, first, begin[0], begin[1], end[0], end[1], weights)


@inner
def _draw_car(planes, view, pose):
    _draw_body(planes, _HULLS, view, f32(0), f32(0), f32(pose[HULL_ANGLE] / math.pi), _HULL)
    for w in range(4):
        place = WHEELS + 3 * w
        x, y = f32(pose[place] - pose[HULL_X]), f32(pose[place + 1] - pose[HULL_Y])
        _draw_body(planes, _WHEEL_AREA, view, x, y, f32(pose[place + 2] / math.pi), _WHEEL)


@inner
def _draw_body(planes, plane, view, x, y, turn, outline):
    """Add a body at a place relative to the hull, turned by multiples of pi, to a plane."""
    sine, cosine = sin_pi(turn, False), cos_pi(turn, False)
    last = len(outline) - 1
    u0, v0 = _placed(view, x, y, sine, cosine, outline[last, 0], outline[last, 1])
    for i in range(len(outline)):
        u1, v1 = _placed(view, x, y, sine, cosine, outline[i, 0], outline[i, 1])
        _edge(planes, plane, u0, v0, u1, v1, (f32(1),))
        u0, v0 = u1, v1


@inner
def _placed(view, x, y, sine, cosine, own_x, own_y):
    return _seen(view, x + cosine * own_x - sine * own_y, y + sine * own_x + cosine * own_y)


@inner
def _seen(view, x, y):
    """Column and row, as numbers, of a place relative to the hull."""
    x, y = f32(x), f32(y)
    return view[0] * x + view[1] * y + view[2], view[3] * x + view[4] * y + view[5]


@inner
def _edge(planes, first, u0, v0, u1, v1, weights):
    """Add the area below an edge to planes, once for each weight: positive if it runs to the right."""
    if u0 == u1:
        return
    sign = f32(1)
    if u0 > u1:
        u0, v0, u1, v1, sign = u1, v1, u0, v0, f32(-1)
    rows, columns = planes.shape[1] - 1, planes.shape[2]
    if u1 <= 0 or u0 >= columns or (v0 >= rows and v1 >= rows):
        return
    slope = (v1 - v0) / (u1 - u0)
    if u0 < 0:
        v0 -= u0 * slope
        u0 = f32(0)
    if u1 > columns:
        u1 = f32(columns)
    column = int(u0)
    while u0 < u1:
        right = min(f32(column + 1), u1)
        v1 = v0 + (right - u0) * slope
        _column(planes, first, column, min(v0, v1), max(v0, v1), sign * (right - u0), weights)
        u0, v0 = right, v1
        column += 1


@inner
def _column(planes, first, column, top, bottom, width, weights):
    """Add the area below a piece of an edge that runs between two heights within one column."""
    rows = planes.shape[1] - 1
    if top >= rows:
        return
    row = int(max(top, f32(0)))
    if bottom <= 0 or (top >= 0 and bottom <= f32(row + 1)):
        share = min(f32(row + 1) - f32(0.5) * (top + bottom), f32(1))
        for p in range(len(weights)):
            planes[first + p, row, column] += share * width * weights[p]
            planes[first + p, row + 1, column] += (f32(1) - share) * width * weights[p]
        return
    # The area above the piece is that below the horizontal line through `y`, on average over the piece.
    height = bottom - top
    above, before = _mean_below(f32(row), top, bottom, height), f32(0)
    while row < rows:
        below = _mean_below(f32(row + 1), top, bottom, height)
        share = below - above
        for p in range(len(weights)):
            planes[first + p, row, column] += (share - before) * width * weights[p]
        above, before = below, share
        row += 1
        if f32(row) >= bottom:
            break
    for p in range(len(weights)):
        planes[first + p, row, column] += (f32(1) - before) * width * weights[p]


@inner
def _mean_below(y, top, bottom, height):
    """max(y - v, 0) on average over v from top to bottom."""
    if y >= bottom:
        return y - f32(0.5) * (top + bottom)
    if y <= top:
        return f32(0)
    return f32(0.5) * (y - top) * (y - top) / height


@inner
def _compose(planes, edge_of_field, image):
    """Sum areas down the rows and mix colours by them."""
    rows, columns = image.shape[1], image.shape[2]
    for i in range(rows):
        if i > 0:
            for p in range(_SQUARES + 1):
                for j in range(columns):
                    planes[p, i, j] += planes[p, i - 1, j]
            if edge_of_field:
                for j in range(columns):
                    planes[_FIELD, i, j] += planes[_FIELD, i - 1, j]
        for j in range(columns):
            field = planes[_FIELD, i, j] if edge_of_field else f32(1)
            road, kerb = planes[_ROAD, i, j], planes[_KERBS, i, j]
            grass = max(f32(1) - road - kerb, f32(0))
            scale = f32(1) / max(road + kerb, f32(1))
            grey = road * _ROAD_GREY
            green = field * _GRASS[0] + planes[_SQUARES, i, j] * _SQUARE
            image[0, i, j] = max(grass * green + scale * (grey + planes[_WHITE_KERBS, i, j]) - _LOST, f32(0))
            image[1, i, j] = max(grass * field * _GRASS[1] + scale * (grey + kerb) - _LOST, f32(0))


@inner
def _compose_car(planes, image):
    """Put the car on top, in the only part of the picture where it can be."""
    rows, columns = image.shape[1], image.shape[2]
    first_row, last_row = int((_CAR_ROW - _CAR_REACH) / _HEIGHT * rows), int((_CAR_ROW + _CAR_REACH) / _HEIGHT * rows)
    first, last = int((_CAR_COLUMN - _CAR_REACH) / _WIDTH * columns), int((_CAR_COLUMN + _CAR_REACH) / _WIDTH * columns)
    for i in range(first_row, last_row + 1):
        for j in range(first, last + 1):
            if i > 0:
                planes[_HULLS, i, j] += planes[_HULLS, i - 1, j]
                planes[_WHEEL_AREA, i, j] += planes[_WHEEL_AREA, i - 1, j]
            hull, wheel = min(planes[_HULLS, i, j], f32(1)), min(planes[_WHEEL_AREA, i, j], f32(1))
            seen = (f32(1) - hull) * (f32(1) - wheel)
            grey = (f32(1) - hull) * wheel * _WHEEL_GREY
            image[0, i, j] = image[0, i, j] * seen + grey
            image[1, i, j] = image[1, i, j] * seen + grey + hull * _HULL_RED
