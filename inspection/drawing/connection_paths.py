"""Connections of a diagram as paths of SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspection.drawing.layout import Point


def flowing_curve(points: Sequence[Point], radius: float) -> str:
    """Level at every waypoint; from the border of a node to the border of the next."""
    (x, y), last = points[0], len(points) - 1
    x += 0.6 * radius
    parts = [f"M{x:.0f} {y:.1f}"]
    for index, (next_x, next_y) in enumerate(points[1:], start=1):
        if index == last:
            next_x -= radius
        bend = (next_x - x) / 2
        parts.append(f"C{x + bend:.0f} {y:.1f} {next_x - bend:.0f} {next_y:.1f} {next_x:.0f} {next_y:.1f}")
        x, y = next_x, next_y
    return "".join(parts)


def delayed_curve(begin: Point, end: Point, radius: float) -> str:
    """An arch over the nodes, or a loop at a node that reads its own past."""
    (x, y), (to_x, to_y) = begin, end
    if begin == end:
        side, top, high = 1.6 * radius, y - 0.8 * radius, y - 3.2 * radius
        begins, ends = x + 0.6 * radius, x - 0.6 * radius
        return f"M{begins:.1f} {top:.1f}C{x + side:.1f} {high:.1f} {x - side:.1f} {high:.1f} {ends:.1f} {top:.1f}"
    high = min(y, to_y) - 1.5 * radius - 0.18 * abs(to_x - x)
    return f"M{x:.1f} {y - radius:.1f}C{x:.1f} {high:.1f} {to_x:.1f} {high:.1f} {to_x:.1f} {to_y - radius:.1f}"


def radial_curve(begin: Point, end: Point, middle: float, from_image: bool) -> str:
    """Leaves outwards and arrives from within."""
    (x, y), (to_x, to_y) = (np.array(begin) - middle, np.array(end) - middle)
    inner, outer = np.hypot(x, y), np.hypot(to_x, to_y)
    between = (inner + outer) / 2
    leave = 1.25 if from_image else between / max(inner, 1e-9)
    arrive = between / max(outer, 1e-9) if not from_image else 0.72
    places = (x, y), (x * leave, y * leave), (to_x * arrive, to_y * arrive), (to_x, to_y)
    (a, b), (c, d), (e, f), (g, h) = ((px + middle, py + middle) for px, py in places)
    return f"M{a:.0f} {b:.0f}C{c:.0f} {d:.0f} {e:.0f} {f:.0f} {g:.0f} {h:.0f}"
