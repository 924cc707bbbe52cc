"""A network as one SVG, which is written to files, rendered as PNG, and interactive in reports.

Colours are in attributes, which every viewer understands; a page restyles them through classes. Each node is
``<g class="node" data-row>`` with the row of the compiled program, each connection a ``<path>`` with ``data-source``,
``data-target`` (rows) and ``data-connection`` (place in program order).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspection.drawing.activation_glyphs import COLOURS, FAMILIES, activation_key, dash_key, glyph, sign_key
from inspection.drawing.colours import FAINT, FONT, INK, MUTED, NEGATIVE, PAPER, POSITIVE
from inspection.drawing.connection_paths import delayed_curve, flowing_curve, radial_curve
from inspection.drawing.layout import Layout, delays_of, ends_of, layered_layout, ring_layout
from inspection.drawing.text import escaped, plain
from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network

_UNUSED_INK = "#8a949e"
_IMAGE_NAME = re.compile(r"row \d+ column \d+")
_LABEL_SIZE = 13.0
_LONGEST_LABEL = 28  # characters
_GLYPH_LEAST = 8.5  # radius of a node that has room for the curve of its activation


@dataclass(frozen=True)
class Names:
    """Names of a network's rows in pictures and formulas."""

    inputs: tuple[str, ...]  # [I]
    outputs: tuple[str, ...]  # [O]

    def of(self, network: Network) -> list[str]:
        """Names of all rows, [1 + I + N]; hidden nodes are h1, h2, ... in program order."""
        hidden = [f"h{index + 1}" for index in range(network.num_hidden)]
        return ["bias", *map(plain, self.inputs), *hidden, *map(plain, self.outputs)]


def is_image(input_names: Sequence[str]) -> bool:
    """True if inputs [I] are the pixels of a square image, judged by their names."""
    side = round(len(input_names) ** 0.5)
    if not side * side == len(input_names) >= 16 or input_names[-1] != f"row {side - 1} column {side - 1}":
        return False
    return all(_IMAGE_NAME.fullmatch(name) for name in input_names)


def draw_network(
    network: Network,
    input_names: Sequence[str],
    output_names: Sequence[str],
    weights: Sequence[float] | None = None,
    merged: bool = False,
) -> str:
    """The picture of a network.

    Args:
        network: compiled, so that dead nodes are gone.
        input_names: [I].
        output_names: [O].
        weights: [E] individual ones of the genome's enabled connections: connections are coloured by their sign.
        merged: draw connections of one colour as one path, which cannot be traced but is small.
    """
    names = Names(tuple(input_names), tuple(output_names))
    image = is_image(names.inputs)
    layout = ring_layout(network) if image else layered_layout(network, _widest(names.inputs), _widest(names.outputs))
    drawing = _Drawing(network, names, layout, image, weights)
    return drawing.svg(merged)


def _widest(names: Sequence[str]) -> float:
    return max(_text_width(_label(name)) for name in names)


def _label(name: str) -> str:
    return plain(name, _LONGEST_LABEL)


def _text_width(text: str) -> float:
    return 0.64 * _LABEL_SIZE * len(text)


class _Drawing:
    def __init__(
        self, network: Network, names: Names, layout: Layout, image: bool, weights: Sequence[float] | None
    ) -> None:
        self._network = network
        self._names = names.of(network)
        self._layout = layout
        self._image = image
        self._weights = weights
        self._ends = ends_of(network)
        self._delays, self._plastic = delays_of(network), set(network.plastic.tolist())
        self._first = 1 + network.num_inputs
        self._num_rows = self._first + len(network.activations)
        self._leaving = np.bincount(self._ends[:, 0], minlength=self._num_rows)
        self._glyphs = layout.node_radius >= _GLYPH_LEAST

    def svg(self, merged: bool) -> str:
        legend, legend_height = self._legend()
        width, height = self._layout.width, self._layout.height + legend_height
        hidden, live = self._network.num_hidden, self._network.num_connections
        about = f"Network of {self._network.num_inputs} inputs, {hidden} hidden nodes and {live} connections"
        kind = "rings" if self._image else "layers"
        size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" class="network {kind}" style="--natural: {width:.0f}" {size} '
                f'font-family="{FONT}" role="group" aria-label="{about}">',
                f"<defs>{self._glyph_shapes()}</defs>",
                f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>',
                *self._rings(),
                '<g class="connections" fill="none" stroke-linecap="round">',
                *(self._merged_connections() if merged else self._connections()),
                "</g>",
                '<g class="nodes">',
                *(self._node(row) for row in range(self._num_rows)),
                "</g>",
                legend,
                "</svg>",
            ]
        )

    # --- connections ---

    def _connections(self) -> list[str]:
        opacity, width = self._strength()
        weights = self._own_weights()
        paths = []
        for index, (source, target) in enumerate(self._ends.tolist()):
            kind, colour, stroke = self._family(source), COLOURS[self._family(source)], width
            if weights is not None:
                kind, colour = ("positive", POSITIVE) if weights[index] >= 0 else ("negative", NEGATIVE)
                stroke = width * (0.5 + 1.5 * min(abs(weights[index]) / 2, 1.5))
            paths.append(
                f'<path class="c-{kind}" d="{self._curve(index)}" stroke="{colour}" stroke-width="{stroke:.2g}" '
                f'stroke-opacity="{opacity:.2g}" data-source="{source}" data-target="{target}" '
                f'data-connection="{index}"{self._memory(index, stroke)}'
            )
        return paths

    def _memory(self, index: int, stroke: float) -> str:
        """The end of a path's tag: delayed connections are dashed, plastic ones dotted, and say so."""
        delay, plastic = int(self._delays[index]), index in self._plastic
        if not delay and not plastic:
            return "/>"
        said = [f"{delay} step{'s' if delay > 1 else ''} ago"] if delay else []
        said += ["plastic"] if plastic else []
        dashes = f"0 {2.5 * stroke:.2g}" if plastic else f"{4 * stroke:.2g} {2.5 * stroke:.2g}"
        kept = (f' data-delay="{delay}"' if delay else "") + (' data-plastic="true"' if plastic else "")
        return f' stroke-dasharray="{dashes}"{kept}><title>{", ".join(said)}</title></path>'

    def _merged_connections(self) -> list[str]:
        opacity, width = self._strength()
        curves: dict[str, list[str]] = {}
        for index, source in enumerate(self._ends[:, 0].tolist()):
            curves.setdefault(self._family(source), []).append(self._curve(index))
        return [
            f'<path class="c-{family}" d="{"".join(parts)}" stroke="{COLOURS[family]}" stroke-width="{width:.2g}" '
            f'stroke-opacity="{opacity:.2g}"/>'
            for family, parts in curves.items()
        ]

    def _strength(self) -> tuple[float, float]:
        """Opacity and width of a connection: many are thin and translucent."""
        count = max(len(self._ends), 1)
        return float(np.clip(5 / count**0.45, 0.17, 0.62)), float(np.clip(6 / count**0.3, 0.6, 1.9))

    def _own_weights(self) -> NDArray[np.float64] | None:
        if self._weights is None:
            return None
        return np.asarray(self._weights, np.float64)[self._network.connection_ids]

    def _curve(self, index: int) -> str:
        source, target = self._ends[index].tolist()
        begin, end = tuple(self._layout.places[source]), tuple(self._layout.places[target])
        if self._delays[index]:
            return delayed_curve(begin, end, self._layout.node_radius)
        if self._image:
            return radial_curve(begin, end, self._layout.width / 2, source < self._first)
        return flowing_curve([begin, *self._layout.routes[index], end], self._layout.node_radius)

    # --- nodes ---

    def _family(self, row: int) -> str:
        if row < self._first:
            return "pixel" if self._image else "input"
        return FAMILIES[self._activation(row)]

    def _activation(self, row: int) -> str:
        return ACTIVATION_OF_CODE[int(self._network.activations[row - self._first])].name

    def _node(self, row: int) -> str:
        x, y = self._layout.places[row]
        used = self._is_used(row)
        name = escaped(self._names[row], 200)
        if row < self._first:
            kind = "bias" if row == 0 else "input"
            said = name if used else f"{name}, not used"
            shape = self._pixel(row) if kind == "input" and self._layout.pixel_side else self._input(row, used)
        else:
            kind = "output" if row >= self._num_rows - self._network.num_outputs else "hidden"
            said = f"{name}: {self._activation(row)}" + ("" if used else ", not connected")
            shape = self._computed(row, kind)
        if row == 0 and not used and self._image:
            return ""
        classes = f"node {kind} f-{self._family(row)}" + ("" if used else " unused")
        return (
            f'<g class="{classes}" data-row="{row}" transform="translate({x:.1f} {y:.1f})">'
            f"<title>{said}</title>{shape}</g>"
        )

    def _is_used(self, row: int) -> bool:
        """True for an input that is used and an output that depends on anything; always true for hidden nodes."""
        if row >= self._num_rows - self._network.num_outputs:
            return bool(self._network.fan_in[row - self._first])
        return bool(self._leaving[row])

    def _pixel(self, row: int) -> str:
        side = self._layout.pixel_side
        most = max(int(self._leaving[1 : self._first].max()), 1)
        share = float(np.sqrt(self._leaving[row] / most))
        fill = _mix((238, 241, 244), (10, 92, 128), share) if share else "#f3f5f7"
        return (
            f'<rect class="pixel" x="{-side / 2:.2f}" y="{-side / 2:.2f}" width="{side - 1:.2f}" '
            f'height="{side - 1:.2f}" rx="1.5" fill="{fill}" style="--use:{share:.2f}"/>'
        )

    def _input(self, row: int, used: bool) -> str:
        radius = float(np.clip(0.62 * self._layout.node_radius, 4, 8))
        ink = COLOURS[self._family(row)] if used else FAINT
        if row == 0:
            side = 1.7 * radius
            dot = (
                f'<rect class="disc" x="{-side / 2:.1f}" y="{-side / 2:.1f}" width="{side:.1f}" height="{side:.1f}" '
                f'rx="2" fill="{ink}"/>'
            )
        else:
            dot = f'<circle class="disc" r="{radius:.1f}" fill="{ink}"/>'
        text_ink = INK if used else _UNUSED_INK
        size = _LABEL_SIZE if used else 12
        return dot + _text(-radius - 8, escaped(self._names[row], _LONGEST_LABEL), "end", text_ink, size)

    def _computed(self, row: int, kind: str) -> str:
        radius = self._layout.node_radius
        used = self._is_used(row)
        colour = COLOURS[self._family(row)] if used else FAINT
        label = ""
        if kind == "output":
            radius = max(radius, 11) if self._image else radius
            label = self._output_label(row, radius, INK if used else _UNUSED_INK)
        if radius < _GLYPH_LEAST:
            return f'<circle class="disc dot" r="{radius:.1f}" fill="{colour}"/>' + label
        width = 2.2 if kind == "output" else 1.5
        return (
            f'<circle class="disc" r="{radius:.1f}" fill="{PAPER}" stroke="{colour}" stroke-width="{width}"/>'
            f'<use class="glyph" href="#glyph-{self._activation(row)}" transform="scale({radius / 15:.3f})" '
            f'stroke="{colour}"/>' + label
        )

    def _output_label(self, row: int, radius: float, ink: str) -> str:
        name = escaped(self._names[row], _LONGEST_LABEL)
        if not self._image:
            return _text(radius + 8, name, "start", ink, _LABEL_SIZE, weight=600)
        middle = self._layout.width / 2
        direction = (self._layout.places[row] - middle) / np.hypot(*(self._layout.places[row] - middle))
        x, y = direction * (radius + 20)
        anchor = "middle" if len(self._names[row]) < 3 else "start" if x > 4 else "end" if x < -4 else "middle"
        if anchor != "middle":
            x = x * 0.7
        return _text(x, name, anchor, ink, 22 if len(self._names[row]) < 3 else 14, y, 600)

    def _rings(self) -> list[str]:
        """Faint circles through nodes of equal depth."""
        if not self._image:
            return []
        middle = self._layout.width / 2
        away = np.hypot(*(self._layout.places[self._first :] - middle).T)
        radii = np.unique(np.round(away)).tolist()
        return [
            f'<circle class="ring" cx="{middle:.0f}" cy="{middle:.0f}" r="{radius:.0f}" fill="none" stroke="#edf0f3"/>'
            for radius in radii
        ]

    # --- activations ---

    def _used_activations(self) -> list[str]:
        present = {self._activation(row) for row in range(self._first, self._num_rows)}
        return [name for name in FAMILIES if name in present]

    def _glyph_shapes(self) -> str:
        return "".join(
            f'<path id="glyph-{name}" d="{glyph(name)}" fill="none" stroke-width="1.9" stroke-linejoin="round" '
            'stroke-linecap="round"/>'
            for name in self._used_activations()
        )

    def _legend(self) -> tuple[str, float]:
        """A row of curves and their names under the picture, and its height."""
        scale = 1.4 if self._image else 1.0
        keys = [(name, activation_key(name)) for name in self._used_activations()]
        keys += [("delayed", dash_key("5 3"))] if self._delays.any() else []
        keys += [("plastic", dash_key("0 4"))] if self._plastic else []
        if self._weights is not None:
            keys += [(name, sign_key(name)) for name in ("positive weight", "negative weight")]
        items, x, y, line = [], 0.0, 0.0, self._layout.width / scale - 32
        for name, sample in keys:
            width = 42 + 7.2 * len(name)
            if x and x + width > line:
                x, y = 0.0, y + 30
            text = _text(16, name, "start", MUTED, 12)
            items.append(f'<g class="key" transform="translate({x + 11:.0f} {y:.0f})">{sample}{text}</g>')
            x += width
        place = f"translate(16 {self._layout.height + 22 * scale:.0f}) scale({scale})"
        return f'<g class="legend" transform="{place}">{"".join(items)}</g>', (y + 44) * scale


def _text(
    x: float, text: str, anchor: str, ink: str, size: float, y: float = 0, weight: int = 400
) -> str:  # ``text`` is escaped
    return (
        f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" text-anchor="{anchor}" fill="{ink}" font-size="{size:g}" '
        f'font-weight="{weight}">{text}</text>'
    )


def _mix(from_: tuple[int, int, int], to: tuple[int, int, int], share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(from_, to, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)
