"""One self-contained HTML page from a champion's pictures and data.

Texts of a champion file are untrusted: they are escaped, data is JSON that cannot end its element, and the page's
content security policy allows only the scripts of this folder, by their hashes, and no network access.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from inspection.drawing.diagram import is_image
from inspection.drawing.layout import depths_of
from inspection.drawing.text import escaped, plain_values
from inspection.history import History, history_data
from inspection.live import LivePart, program_data
from inspection.report import sections
from inspection.report.evolution import evolution_section
from inspection.report.headline import facts_of, title_of
from inspection.report.scripts import script
from inspection.weight_curve import WeightCurve
from wann.champion import Champion
from wann.network import compile_genome

_SCRIPTS = ("activations.js", "live_network.js", "diagram.js", "charts.js", "live_controls.js")
_LAST = "main.js"
_STYLES = ("style.css", "live.css")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
# Characters that could end the element of the data, or open another.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Report:
    """Everything that a page shows."""

    champion: Champion
    diagram: str  # SVG
    weight: float | None  # to begin with; None for the champion's individual weights
    curve: WeightCurve | None
    provenance: Mapping[str, Sequence[tuple[str, str]]]  # rows by heading
    history: History | None = None
    live: LivePart | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)  # "live" or "weights" to the reason, in one sentence


def render_page(report: Report) -> str:
    """The HTML of a report."""
    champion, network = report.champion, compile_genome(report.champion.genome)
    scripts = [script(name) for name in _script_names(report.live)]
    image, title = is_image(champion.input_names), title_of(champion)
    parts = {
        "policy": _policy(scripts),
        "title": escaped(title),
        "styles": "\n".join(_read(name) for name in _STYLES),
        "shape": "square" if image else "wide",
        "lede": sections.lede(champion, network),
        "facts": sections.facts(facts_of(champion, network, report.curve, int(depths_of(network).max()))),
        "navigation": sections.navigation(_sections(report)),
        "live": sections.live(report.live, report.left_out.get("live")),
        "diagram": report.diagram,
        "network_note": sections.network_note(network, image),
        "weights": sections.weights(champion, report.curve, report.left_out.get("weights")),
        "evolution": "" if report.history is None else evolution_section(champion, report.history),
        "provenance": sections.provenance(champion, report.provenance),
        "data": embedded(_data(report)),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _read("template.html"))


def embedded(value: Any) -> str:
    """JSON that is safe in a script element, with any texts.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def _read(name: str) -> str:
    return files("inspection.report").joinpath(name).read_text(encoding="utf-8")


def _script_names(live: LivePart | None) -> list[str]:
    own = live.scripts if live is not None else ()
    return list(dict.fromkeys([*_SCRIPTS, *own, _LAST]))


def _policy(scripts: Sequence[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sections(report: Report) -> list[str]:
    """Names of the sections that the page has, in their order."""
    there = {
        "live": report.live is not None or "live" in report.left_out,
        "network": True,
        "weights": True,
        "evolution": report.history is not None,
        "provenance": True,
    }
    return [name for name, is_there in there.items() if is_there]


def _data(report: Report) -> dict[str, Any]:
    live = report.live
    return {
        "program": plain_values(program_data(report.champion)),
        "weight": report.weight,
        "curve": None if report.curve is None else report.curve.data(),
        "live": None if live is None else {"kind": live.kind, "data": live.data},
        "history": None if report.history is None else history_data(report.history),
    }
