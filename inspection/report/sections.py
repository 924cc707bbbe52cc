"""The sections of a report as HTML. Every text of a champion file in them is escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from experiment.judged import judged_table
from inspection.drawing.chart import NARROW, WIDE
from inspection.drawing.text import escaped, plain_values
from inspection.live import LivePart
from inspection.measure import measure_of
from inspection.report.headline import Fact, num_used_inputs
from inspection.weight_curve import WeightCurve, draw_weight_curve, summary_of
from wann.champion import Champion
from wann.network import Network

_NAMES = {
    "live": "Live",
    "network": "Network",
    "weights": "Weights",
    "evolution": "Evolution",
    "provenance": "Provenance",
}
# Heading and words of a widget by its kind.
_LIVE_WORDS = {
    "pole": ("Live", "The network steers this pole, here and now. Push it, or turn the one weight of all connections."),
    "pad": ("Try it", "Draw, and see what the network says at each shared weight."),
    "sequence": ("Live", "Step through an episode, forwards and back, and see what the network remembers of it."),
    "rollouts": ("Watch it", "Recorded episodes at several shared weights."),
}
_FIGURES = {"mean": "mean", "std": "sd", "median": "median", "min": "min", "falls": "falls"}
_MOST_ROWS = 10  # of confirmed returns; a longer table is folded


def lede(champion: Champion, network: Network) -> str:
    weights = "one weight shared by all of them"
    if champion.individual_weights is not None:
        weights = "a weight of its own on each"
    return escaped(
        f"A network of {network.num_hidden:,} hidden nodes and {network.num_connections:,} connections, with "
        f"{weights}; found in generation {champion.generation:,} from seed {champion.seed}."
    )


def facts(found: Sequence[Fact]) -> str:
    return "".join(
        f'<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd><dd class="note">{escaped(note)}</dd></div>'
        for name, value, note in found
    )


def navigation(names: Sequence[str]) -> str:
    return "".join(f'<a href="#{name}">{_NAMES[name]}</a>' for name in names)


def live(part: LivePart | None, left_out: str | None) -> str:
    """The widget's place, or the reason why there is none."""
    if part is None and left_out is None:
        return ""
    if part is None:
        heading, words, root = "Watch it", f"No pictures: {left_out}.", ""
    else:
        heading, words = _LIVE_WORDS.get(part.kind, ("Live", ""))
        root = '<div class="live-root"></div>'
    return (
        f'<section id="live" aria-labelledby="live-heading"><h2 id="live-heading">{escaped(heading)}</h2>'
        f'<p class="say">{escaped(words)}</p>{root}</section>'
    )


def network_note(network: Network, image: bool) -> str:
    place = "from the image in the middle outwards" if image else "from left to right"
    unused = network.num_inputs - num_used_inputs(network)
    greyed = f" Of the inputs {unused} are grey: no output depends on them." if unused else ""
    return escaped(f"Signals run {place}, each node as far along as its longest path from the inputs.{greyed}")


def weights(champion: Champion, curve: WeightCurve | None, left_out: str | None) -> str:
    """The curve over shared weights, or the reason why there is none; then the confirmed returns."""
    if curve is None:
        said = "Not measured" + (f": {left_out}" if left_out else "")
        return f'<p class="say">{escaped(said)}</p>{_confirmed(champion)}{_judged(champion)}'
    plots = in_both_widths(partial(draw_weight_curve, curve))
    fresh = f"{curve.episodes} fresh episodes each" if curve.episodes > 1 else "one fresh episode each"
    counted = "all images of the test part" if curve.measure.is_accuracy else fresh
    return (
        f'<p class="say">{len(curve.weights)} shared weights, {counted}.</p>'
        f'<figure class="plot" id="weight-plot">{plots}</figure>'
        '<div class="reading"><label for="weight-slider">Shared weight</label>'
        f'<input id="weight-slider" type="range" min="0" max="{len(curve.weights) - 1}" step="1" value="0">'
        '<output for="weight-slider" id="weight-reading"></output></div>'
        f"{_confirmed(champion)}{_judged(champion)}"
    )


def in_both_widths(draw: Callable[[float], str]) -> str:
    """A chart for screens and one for phones, of which the style sheet shows one."""
    return f'<div class="on-wide">{draw(WIDE)}</div><div class="on-narrow">{draw(NARROW)}</div>'


def _confirmed(champion: Champion) -> str:
    """The returns in the champion file as a table. Figures that it lacks have no column."""
    returns = champion.returns
    rows = summary_of(returns)
    columns = [key for key in _FIGURES if any(record.get(key) is not None for _, record in rows)]
    if not rows or not columns:
        return ""
    head = "".join(f'<th scope="col">{_FIGURES[key]}</th>' for key in columns)
    body = "".join(
        f'<tr><th scope="row">{escaped(name)}</th>'
        + "".join(f"<td>{escaped(_figure(key, record.get(key)))}</td>" for key in columns)
        + "</tr>"
        for name, record in rows
    )
    measure, count = measure_of(champion), escaped(returns.get("episodes", "?"), 20)
    episodes = f"accuracy in % on {count} sequences for each row" if measure.unit else f"{count} episodes for each row"
    measured = "accuracy on the test images in %" if measure.is_accuracy else episodes
    table = (
        f'<div class="scroll"><table class="figures"><caption>Confirmed when the champion was chosen, '
        f"{measured}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )
    if len(rows) <= _MOST_ROWS:
        return table
    return f"<details><summary>Confirmed returns, {len(rows)} rows</summary>{table}</details>"


def _judged(champion: Champion) -> str:
    """The judgement of sequences in the champion file as a table; empty if there is none."""
    judged = judged_table(champion.returns)
    if judged is None:
        return ""
    head = "".join(f'<th scope="col">{escaped(heading)}</th>' for heading in judged.headings)
    body = "".join(
        f'<tr><th scope="rowgroup" colspan="{len(judged.headings)}">{escaped(words)}</th></tr>'
        + "".join(
            f'<tr><th scope="row">{escaped(length)}</th>'
            + "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
            + "</tr>"
            for length, *cells in rows
        )
        for words, rows in judged.blocks
    )
    return (
        f'<div class="scroll"><table class="figures"><caption>Judged when the champion was chosen: '
        f"{escaped(judged.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _figure(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "\N{EN DASH}"
    return f"{value:.0%}" if key == "falls" else f"{value:,.1f}".replace("-", "\N{MINUS SIGN}")


def provenance(champion: Champion, rows_by_heading: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    tables = "".join(
        f"<div><h3>{escaped(heading)}</h3><dl>"
        + "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(text, 5000)}</dd>" for name, text in rows)
        + "</dl></div>"
        for heading, rows in rows_by_heading.items()
    )
    config = json.dumps(plain_values(champion.config), indent=2, ensure_ascii=False)
    lines = "\n".join(escaped(line, 5000) for line in config.splitlines())
    return (
        f'<div class="records">{tables}</div><details><summary>Config of the search</summary>'
        f'<pre tabindex="0">{lines}</pre></details>'
    )
