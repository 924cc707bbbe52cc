"""One self-contained HTML page from a champion's pictures and data.

What a champion file says is shown and never obeyed: texts are escaped, data is JSON that cannot end its element, and
the page's policy runs the scripts of this folder alone, known by their hashes, and reaches no network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from inspection.drawing.chart import NARROW, WIDE
from inspection.drawing.diagram import draw_network
from inspection.drawing.layout import depths_of
from inspection.drawing.text import escaped, plain_values
from inspection.history import History, draw_history, history_data
from inspection.live import LivePart, program_data
from inspection.report.headline import facts_of, number_in, title_of
from inspection.report.scripts import script
from inspection.weight_curve import WeightCurve, draw_weight_curve, summary_of
from wann.champion import Champion
from wann.network import Network, compile_genome

_SCRIPTS = ("activations.js", "live_network.js", "diagram.js", "charts.js", "live_controls.js")
_LAST = "main.js"
_STYLES = ("style.css", "live.css")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
# Characters that could end the element of the data, or open another.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_MOST_GROWTH = 1_200_000  # characters of pictures of earlier networks
_FIGURES = {"mean": "mean", "std": "sd", "median": "median", "min": "min", "falls": "falls"}


@dataclass(frozen=True)
class Report:
    """Everything that a page shows."""

    champion: Champion
    diagram: str  # SVG
    weight: float | None  # to begin with; None for the champion's individual weights
    curve: WeightCurve
    provenance: Mapping[str, Sequence[tuple[str, str]]]  # rows by heading
    history: History | None = None
    live: LivePart | None = None


def render_page(report: Report) -> str:
    """The HTML of a report."""
    network = compile_genome(report.champion.genome)
    scripts = [script(name) for name in _script_names(report.live)]
    title = title_of(report.champion)
    parts = {
        "policy": _policy(scripts),
        "title": escaped(title),
        "styles": "\n".join(_read(name) for name in _STYLES),
        "shape": "square" if _on_rings(report) else "wide",
        "lede": _lede(report, network),
        "facts": _facts(facts_of(report.champion, network, report.curve, int(depths_of(network).max()))),
        "navigation": _navigation(report),
        "live": _live(report.live),
        "diagram": report.diagram,
        "network_note": _network_note(report, network),
        "weights": _weights(report),
        "evolution": _evolution(report),
        "provenance": _provenance(report),
        "data": embedded(_data(report)),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _read("template.html"))


def embedded(value: Any) -> str:
    """JSON that can stand in a script element, whatever its texts are.

    Raises:
        ValueError: a number that is not finite.
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


def _data(report: Report) -> dict[str, Any]:
    live = report.live
    return {
        "program": plain_values(program_data(report.champion)),
        "weight": report.weight,
        "curve": report.curve.data(),
        "live": None if live is None else {"kind": live.kind, "data": live.data},
        "history": None if report.history is None else history_data(report.history),
    }


# --- parts of the page ---


def _lede(report: Report, network: Network) -> str:
    weights = "one weight shared by all of them"
    if report.champion.individual_weights is not None:
        weights = "a weight of its own on each"
    return escaped(
        f"A network of {network.num_hidden:,} hidden nodes and {network.num_connections:,} connections, with "
        f"{weights}; found in generation {report.champion.generation:,} from seed {report.champion.seed}."
    )


def _facts(facts: Sequence[tuple[str, str, str]]) -> str:
    return "".join(
        f'<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd><dd class="note">{escaped(note)}</dd></div>'
        for name, value, note in facts
    )


def _navigation(report: Report) -> str:
    places = {"live": "Live", "network": "Network", "weights": "Weights", "evolution": "Evolution"}
    if report.live is None:
        del places["live"]
    if report.history is None:
        del places["evolution"]
    places["provenance"] = "Provenance"
    return "".join(f'<a href="#{place}">{name}</a>' for place, name in places.items())


_LIVE_WORDS = {
    "pole": ("Live", "The network steers this pole, here and now. Push it, or turn the one weight of all connections."),
    "pad": ("Try it", "Draw, and see what the network says at each shared weight."),
    "rollouts": ("Watch it", "Recorded episodes at several shared weights."),
}


def _live(live: LivePart | None) -> str:
    if live is None:
        return ""
    heading, words = _LIVE_WORDS.get(live.kind, ("Live", ""))
    return (
        f'<section id="live" aria-labelledby="live-heading"><h2 id="live-heading">{escaped(heading)}</h2>'
        f'<p class="say">{escaped(words)}</p><div class="live-root"></div></section>'
    )


def _network_note(report: Report, network: Network) -> str:
    place = "from the image in the middle outwards" if _on_rings(report) else "from left to right"
    unused = network.num_inputs - len(set(network.sources[network.sources <= network.num_inputs].tolist()) - {0})
    greyed = f" Of the inputs {unused} are grey: no output depends on them." if unused else ""
    return escaped(f"Signals run {place}, each node as far along as its longest path from the inputs.{greyed}")


def _on_rings(report: Report) -> bool:
    return 'class="network rings"' in report.diagram.partition(">")[0]


def _weights(report: Report) -> str:
    curve = report.curve
    plots = _in_both_widths(partial(draw_weight_curve, curve))
    fresh = f"{curve.episodes} fresh episodes each" if curve.episodes > 1 else "one fresh episode each"
    counted = "all images of the test part" if curve.unit else fresh
    return (
        f'<p class="say">{len(curve.weights)} shared weights, {counted}.</p>'
        f'<figure class="plot" id="weight-plot">{plots}</figure>'
        '<div class="reading"><label for="weight-slider">Shared weight</label>'
        f'<input id="weight-slider" type="range" min="0" max="{len(curve.weights) - 1}" step="1" value="0">'
        '<output for="weight-slider" id="weight-reading"></output></div>'
        f"{_confirmed(report.champion.returns)}"
    )


def _confirmed(returns: Mapping[str, Any]) -> str:
    """The returns that the champion file holds, as a table."""
    rows = summary_of(returns)
    columns = [key for key in _FIGURES if any(key in record for _, record in rows)]
    if not rows or not columns:
        return ""
    head = "".join(f'<th scope="col">{_FIGURES[key]}</th>' for key in columns)
    body = "".join(
        f'<tr><th scope="row">{escaped(name)}</th>'
        + "".join(f"<td>{escaped(_figure(key, record.get(key)))}</td>" for key in columns)
        + "</tr>"
        for name, record in rows
    )
    episodes = f"{escaped(returns.get('episodes', '?'), 20)} episodes for each row"
    measured = "accuracy on the test images in %" if "vote" in returns else episodes
    table = (
        f'<div class="scroll"><table class="figures"><caption>Confirmed when the champion was chosen, '
        f"{measured}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )
    if len(rows) <= 10:
        return table
    return f"<details><summary>Confirmed returns, {len(rows)} rows</summary>{table}</details>"


def _figure(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "\N{EN DASH}"
    return f"{value:.0%}" if key == "falls" else f"{value:,.1f}".replace("-", "\N{MINUS SIGN}")


def _evolution(report: Report) -> str:
    history = report.history
    if history is None:
        return ""
    plots = "".join(
        f'<figure class="plot" data-plot="history" data-axis="{axis}"{"" if axis == "generations" else " hidden"}>'
        f"{_in_both_widths(partial(draw_history, history, axis))}</figure>"
        for axis in ("generations", "steps")
    )
    return (
        '<section id="evolution" aria-labelledby="evolution-heading"><h2 id="evolution-heading">Evolution</h2>'
        f'<p class="say">The best network of each of {history.generations:,} generations.</p>'
        '<div class="choice" role="group" aria-label="Horizontal axis">'
        '<button type="button" aria-pressed="true" data-show="generations">Generations</button>'
        '<button type="button" aria-pressed="false" data-show="steps">Simulated steps</button></div>'
        f'{plots}<p class="readout" id="history-reading" role="status"></p>{_growth(report, history)}</section>'
    )


def _in_both_widths(draw: Callable[[float], str]) -> str:
    """A chart for screens and one for phones, of which the style sheet shows one."""
    return f'<div class="on-wide">{draw(WIDE)}</div><div class="on-narrow">{draw(NARROW)}</div>'


def _growth(report: Report, history: History) -> str:
    """A slider through the best networks of the run."""
    champion, found = report.champion, []
    for stretch in history.stretches:
        for snapshot in stretch.snapshots:
            where = f"{stretch.name}, generation" if stretch.name else "Generation"
            found.append((f"{where} {snapshot.generation:,}: return {snapshot.mean_return:,.1f}", snapshot.genome))
    if not found:
        return ""
    items: list[str] = []
    for said, genome in [*found, ("The champion", champion.genome)]:
        network = compile_genome(genome)
        said = f"{said}; {network.num_hidden} hidden nodes, {network.num_connections} connections"
        picture = draw_network(network, champion.input_names, champion.output_names, merged=True)
        items.append(f'<div class="snapshot" data-said="{escaped(said)}" hidden>{picture}</div>')
    while sum(map(len, items)) > _MOST_GROWTH and len(items) > 2:
        items = items[::-1][::2][::-1]  # every other one, back from the champion
    return (
        '<h3 id="growth-heading">How it grew</h3><div class="growth">'
        '<div class="reading"><button type="button" id="growth-play">Play</button>'
        f'<input id="growth-slider" type="range" min="0" max="{len(items) - 1}" step="1" value="{len(items) - 1}" '
        'aria-labelledby="growth-heading"></div><p class="readout" id="growth-reading" role="status"></p>'
        f'<div class="snapshots">{"".join(items)}</div></div>'
    )


def _provenance(report: Report) -> str:
    tables = "".join(
        f"<div><h3>{escaped(heading)}</h3><dl>"
        + "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(text, 5000)}</dd>" for name, text in rows)
        + "</dl></div>"
        for heading, rows in report.provenance.items()
    )
    config = json.dumps(plain_values(report.champion.config), indent=2, ensure_ascii=False)
    lines = "\n".join(escaped(line, 5000) for line in config.splitlines())
    return (
        f'<div class="records">{tables}</div><details><summary>Config of the search</summary>'
        f'<pre tabindex="0">{lines}</pre></details>'
    )


def first_weight(champion: Champion, weight: float | None) -> float | None:
    """The weight that a page begins with: the one asked for, the champion's best, or None for its own ones."""
    if weight is not None:
        return weight
    if champion.individual_weights is not None:
        return None
    if len(champion.weights) == 1:
        return champion.weights[0]
    best = number_in(champion.returns, "best_shared_weight", "weight")
    if best is not None:
        return best
    return champion.weights[0] if champion.weights else 1.0
