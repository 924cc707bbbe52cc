"""Charts of lines and bands as SVG. Like diagrams they have colours in attributes, and classes for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inspection.drawing.colours import FONT, INK, MUTED, PAPER
from inspection.drawing.text import escaped

WIDE, NARROW = 960.0, 400.0  # widths: for screens and files, and for phones
_HEIGHT = 330.0
_LEFT, _RIGHT, _BOTTOM = 52.0, 16.0, 46.0
_MINUS = "\N{MINUS SIGN}"
STYLES: dict[str, tuple[str, float, str]] = {  # colour, width, dashes
    "main": ("#0072b2", 2.2, ""),
    "second": ("#c26a00", 2.0, ""),
    "quiet": ("#0072b2", 1.1, "4 4"),
}


@dataclass(frozen=True)
class Line:
    """A curve, with gaps where it is NaN."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    style: str = "main"  # a key of `STYLES`


@dataclass(frozen=True)
class Band:
    """The area between two curves."""

    name: str
    x: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A highlighted point."""

    x: float
    y: float


@dataclass(frozen=True)
class Part:
    """A stretch of the x axis with a name, such as a stage."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Chart:
    """One pair of axes. The ``svg`` carries its frame as ``data-frame`` and ``data-range``, for pages."""

    x_label: str
    y_label: str
    lines: Sequence[Line]
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = ()
    parts: Sequence[Part] = ()
    mark_name: str = ""
    height: float = _HEIGHT
    width: float = WIDE
    integers: bool = False  # on the x axis
    _extent: tuple[float, float, float, float] = field(init=False, repr=False, default=(0, 1, 0, 1))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_extent", self._find_extent())

    def svg(self, name: str) -> str:
        low_x, high_x, low_y, high_y = self._extent
        frame = f"{_LEFT:g} {self._top:g} {self.width - _RIGHT:g} {self.height - _BOTTOM:g}"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{name}" '
                f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}" '
                f'font-family="{FONT}" font-size="12" role="img" '
                f'aria-label="{escaped(self.y_label)} against {escaped(self.x_label)}" '
                f'data-frame="{frame}" data-range="{low_x:.9g} {high_x:.9g} {low_y:.9g} {high_y:.9g}">',
                f'<rect class="paper" width="{self.width:g}" height="{self.height:g}" fill="{PAPER}"/>',
                *self._axes(),
                *map(self._part, self.parts),
                *map(self._band, self.bands),
                *map(self._line, self.lines),
                *map(self._mark, self.marks),
                self._key(),
                "</svg>",
            ]
        )

    # --- places ---

    @property
    def _top(self) -> float:
        return 34.0 if self.width >= WIDE else 50.0  # the key has a line of its own where the chart is narrow

    def _find_extent(self) -> tuple[float, float, float, float]:
        x = np.concatenate([line.x for line in self.lines] or [np.zeros(0)])
        values = [line.y for line in self.lines] + [edge for band in self.bands for edge in (band.low, band.high)]
        y = np.concatenate(values or [np.zeros(0)])
        y = y[np.isfinite(y)]
        low_x, high_x = (float(x.min()), float(x.max())) if len(x) else (0.0, 1.0)
        low_y, high_y = (float(y.min()), float(y.max())) if len(y) else (0.0, 1.0)
        if high_x <= low_x:
            high_x = low_x + 1
        if high_y - low_y < 1e-9 * max(abs(high_y), 1):
            low_y, high_y = low_y - 1, high_y + 1
        ticks = nice_ticks(low_y, high_y)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
        low_y = min(low_y, ticks[0]) if low_y - ticks[0] < 0.02 * step else ticks[0] - step
        high_y = high_y if high_y <= ticks[-1] else ticks[-1] + step
        return low_x, high_x, low_y, max(high_y, ticks[-1])

    def _x(self, value: float) -> float:
        low, high = self._extent[:2]
        return _LEFT + (self.width - _LEFT - _RIGHT) * (value - low) / (high - low)

    def _y(self, value: float) -> float:
        low, high = self._extent[2:]
        return self.height - _BOTTOM - (self.height - self._top - _BOTTOM) * (value - low) / (high - low)

    def _points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        """Commands of a path, which starts again after every gap."""
        parts, pen = [], "M"
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            if not np.isfinite(b):
                pen = "M"
                continue
            parts.append(f"{pen}{self._x(a):.1f} {self._y(b):.1f}")
            pen = "L"
        return "".join(parts)

    # --- what is drawn ---

    def _axes(self) -> list[str]:
        low_x, high_x, low_y, high_y = self._extent
        bottom, right = self.height - _BOTTOM, self.width - _RIGHT
        drawn = []
        for tick in nice_ticks(low_y, high_y):
            y = self._y(tick)
            drawn.append(f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{right:g}" stroke="#e6eaee" fill="none"/>')
            drawn.append(_text(_LEFT - 9, y + 4, short(tick), "end"))
        for tick in nice_ticks(low_x, high_x, 10 if self.width >= WIDE else 5):
            if self.integers and tick != round(tick):
                continue
            drawn.append(_text(self._x(tick), bottom + 19, short(tick), "middle"))
        drawn.append(f'<path class="axis" d="M{_LEFT:g} {bottom:g}H{right:g}" stroke="#a9b3bd" fill="none"/>')
        drawn.append(_text((_LEFT + right) / 2, self.height - 8, escaped(self.x_label), "middle"))
        drawn.append(_text(8, 17, escaped(self.y_label), "start", INK, 600))
        return drawn

    def _part(self, part: Part) -> str:
        begin, end = self._x(part.begin), self._x(part.end)
        line = f"M{end:.1f} {self._top:g}V{self.height - _BOTTOM:g}"
        edge = f'<path class="part" d="{line}" stroke="#cfd6dc" stroke-dasharray="2 3"/>'
        room = (end - begin) / 6.6
        label = escaped(part.name, max(int(room), 2)) if room >= 3 else ""
        return edge + (_text((begin + end) / 2, self._top + 12, label, "middle") if label else "")

    def _band(self, band: Band) -> str:
        fine = np.isfinite(band.low) & np.isfinite(band.high)
        x, low, high = band.x[fine], band.low[fine], band.high[fine]
        if not len(x):
            return ""
        back = "L".join(f"{self._x(a):.1f} {self._y(b):.1f}" for a, b in zip(x[::-1], low[::-1], strict=True))
        return f'<path class="band" d="{self._points(x, high)}L{back}Z" fill="#0072b2" fill-opacity=".16"/>'

    def _line(self, line: Line) -> str:
        colour, width, dashes = STYLES[line.style]
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        return (
            f'<path class="line line-{line.style}" d="{self._points(line.x, line.y)}" fill="none" stroke="{colour}" '
            f'stroke-width="{width}" stroke-linejoin="round"{dashed}/>'
        )

    def _mark(self, mark: Mark) -> str:
        if not np.isfinite(mark.y):
            return ""
        radius = 4.5 if len(self.marks) <= 16 else 2.2
        return (
            f'<circle class="mark" cx="{self._x(mark.x):.1f}" cy="{self._y(mark.y):.1f}" r="{radius}" fill="{PAPER}" '
            f'stroke="{STYLES["second"][0]}" stroke-width="2"/>'
        )

    def _key(self) -> str:
        """The legend, at the upper right."""
        entries = []
        for line in self.lines:
            colour, width, dashes = STYLES[line.style]
            dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
            sample = f'<path class="line-{line.style}" d="M0 0H18" stroke="{colour}" stroke-width="{width}"{dashed}/>'
            entries.append((line.name, sample))
        entries += [
            (band.name, '<rect class="band" y="-5" width="18" height="10" fill="#0072b2" fill-opacity=".16"/>')
            for band in self.bands
        ]
        if self.marks and self.mark_name:
            ring = f'<circle class="mark" cx="9" r="4" fill="{PAPER}" stroke="{STYLES["second"][0]}" stroke-width="2"/>'
            entries.append((self.mark_name, ring))
        if len(entries) < 2:
            return ""
        widths = [6.6 * len(name) + 42 for name, _ in entries]
        narrow = self.width < WIDE
        x, y = (8.0, 36.0) if narrow else (self.width - _RIGHT + 14 - sum(widths), 13.0)
        drawn = []
        for (name, sample), width in zip(entries, widths, strict=True):
            drawn.append(f'<g transform="translate({x:.0f} {y:g})">{sample}{_text(24, 4, escaped(name), "start")}</g>')
            x += width * (0.9 if narrow else 1)
        return "".join(drawn)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers in [low, high], at steps of 1, 2, 2.5 or 5 times a power of ten."""
    span = max(high - low, 1e-12)
    power = 10.0 ** np.floor(np.log10(span / most))
    step = next(float(power * factor) for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= most)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    return [float(f"{(first + index) * step:.10g}") for index in range(max(count, 1))]


def short(value: float) -> str:
    """A number for an axis: 1200 as it is, 3200000 as 3.2M; a true minus sign."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            divisor = 1e3 if suffix == "k" else limit
            return f"{value / divisor:g}{suffix}".replace("-", _MINUS)
    return f"{value:g}".replace("-", _MINUS)


def _text(x: float, y: float, text: str, anchor: str, ink: str = MUTED, weight: int = 400) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}" font-weight="{weight}">{text}</text>'
