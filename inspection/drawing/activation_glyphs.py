"""Activations in pictures: a colour for each family, and a small curve for each function."""

from __future__ import annotations

import numpy as np

from inspection.drawing.colours import NEGATIVE, PAPER, POSITIVE
from wann.activations import ACTIVATIONS

# The colours of families of activations are distinguishable with any colour vision.
COLOURS: dict[str, str] = {
    "input": "#44515f",
    "pixel": "#0a5c80",
    "straight": "#6b7885",
    "bent": "#c26a00",
    "bump": "#00866a",
    "step": "#0072b2",
    "wave": "#aa4a86",
}
# Legends list activations of one family together.
FAMILIES: dict[str, str] = {
    name: entry.picture.family
    for name, entry in sorted(ACTIVATIONS.items(), key=lambda item: list(COLOURS).index(item[1].picture.family))
}


def glyph(name: str) -> str:
    """SVG path of an activation's curve, within 8 units of (0, 0)."""
    entry = ACTIVATIONS[name]
    picture = entry.picture
    if picture.path:
        return picture.path
    x = np.linspace(-picture.reach, picture.reach, picture.points)
    heights = 5.5 - 11 * (entry.function(x) - picture.low) / (picture.high - picture.low)
    across = 8 * x / x.max()
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, heights, strict=True))


def activation_key(name: str) -> str:
    """An activation in the legend, around (0, 0)."""
    family = FAMILIES[name]
    return (
        f'<g class="f-{family}"><circle class="disc" r="10" fill="{PAPER}" stroke="{COLOURS[family]}" '
        f'stroke-width="1.3"/><use class="glyph" href="#glyph-{name}" transform="scale(.66)" '
        f'stroke="{COLOURS[family]}"/></g>'
    )


def dash_key(dashes: str) -> str:
    """A broken line in the legend, around (0, 0)."""
    return (
        f'<path d="M-10 0H10" fill="none" stroke="{COLOURS["input"]}" stroke-width="2" stroke-linecap="round" '
        f'stroke-dasharray="{dashes}"/>'
    )


def sign_key(name: str) -> str:
    """A line in the legend for positive or negative weights, around (0, 0)."""
    sign, colour = ("positive", POSITIVE) if name.startswith("positive") else ("negative", NEGATIVE)
    return f'<path class="c-{sign}" d="M-10 0H10" fill="none" stroke="{colour}" stroke-width="2.5"/>'
