"""A champion as formulas in SymPy's syntax: a line for each live node, sources first.

One expression for each output would be exact too, but its length would grow with the number of paths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspection.exports.setting import Setting, is_shared
from inspection.exports.step_formula import step_lines, step_notes
from inspection.exports.texts import identifiers, printable
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion
from wann.network import compile_genome

_BIAS = "1"


def render_formula(champion: Champion, setting: Setting) -> bytes:
    """UTF-8 text: comments that explain the symbols, and the lines of `formula_lines`."""
    genome, symbols = champion.genome, _symbols(champion)
    shared = f"# w is the weight that all connections share; here {setting.item()!r}." if is_shared(setting) else None
    notes = [
        f"# The network of a champion of the task {printable(champion.task)}, in SymPy's syntax.",
        *([shared] if shared else []),
        *_notes("input", symbols[1 : 1 + genome.num_inputs], champion.input_names),
        *_notes("output", symbols[-genome.num_outputs :], champion.output_names),
        *step_notes(compile_genome(genome)),
    ]
    return "\n".join([*notes, *formula_lines(champion, setting), ""]).encode()


def formula_lines(champion: Champion, setting: Setting) -> list[str]:
    """Lines ``symbol = expression``, sources first and outputs last.

    Arguments of sine and cosine are limited in networks (`wann.activations.PERIODIC_LIMIT`), but not here. Networks
    with state: see `inspection.exports.step_formula`.
    """
    network, symbols = compile_genome(champion.genome), _symbols(champion)
    if not network.is_plain:
        return step_lines(network, symbols, setting)
    lines, edge = [], 0
    for node, (code, fan_in) in enumerate(zip(network.activations.tolist(), network.fan_in.tolist(), strict=True)):
        edges = slice(edge, edge + fan_in)
        sources = [symbols[row] for row in network.sources[edges].tolist()]
        weights = None if is_shared(setting) else setting[network.connection_ids[edges]].tolist()
        expression = ACTIVATION_OF_CODE[code].sympy.format(x=_sum(sources, weights))
        lines.append(f"{symbols[network.first_row + node]} = {expression}")
        edge += fan_in
    return lines


def _sum(sources: Sequence[str], weights: Sequence[float] | None) -> str:
    if not sources:
        return "0"
    if weights is not None:
        terms = [repr(w) if source == _BIAS else f"{w!r}*{source}" for w, source in zip(weights, sources, strict=True)]
        return " + ".join(terms).replace("+ -", "- ")
    if len(sources) > 1:
        return f"w*({' + '.join(sources)})"
    return "w" if sources[0] == _BIAS else f"w*{sources[0]}"


def _symbols(champion: Champion) -> list[str]:
    """[1 + I + M + N] of each row of the network."""
    import sympy

    reserved = r"h\d+" if compile_genome(champion.genome).is_plain else r"[hst]\d+(_next)?|.*_ago\d"

    def is_taken(name: str) -> bool:
        return name == "w" or re.fullmatch(reserved, name) is not None or hasattr(sympy, name)

    inputs = identifiers(champion.input_names, "input", is_taken)
    outputs = identifiers(champion.output_names, "output", lambda name: is_taken(name) or name in inputs)
    hidden = (f"h{number}" for number in range(1, compile_genome(champion.genome).num_hidden + 1))
    memory = ("" for _ in compile_genome(champion.genome).copies)  # named after their sources
    return [_BIAS, *inputs, *memory, *hidden, *outputs]


def _notes(kind: str, symbols: Sequence[str], names: Sequence[str]) -> list[str]:
    return [f"# {kind} {symbol}: {printable(name)}" for symbol, name in zip(symbols, names, strict=True)]
