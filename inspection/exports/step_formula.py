"""The formulas of one step of a network with state; see `inspection.exports.formula`."""

from __future__ import annotations

from inspection.exports.setting import Setting, is_shared
from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network
from wann.plasticity import DECAY, LIMIT


def step_notes(network: Network) -> list[str]:
    """Comments that explain the further symbols of a network with state."""
    notes = []
    if len(network.copies):
        notes.append("# NAME_ago3 is NAME three steps ago; 0 before the start of the episode.")
    if len(network.plastic):
        notes.append("# s1, s2, ... are strengths, 0 at the start; s1_next is s1 in the next step.")
    if network.num_state > len(network.copies) + len(network.plastic):
        notes.append("# t1, t2, ... are running totals, 0 at the start; t1_next is t1 in the next step.")
    return notes


def step_lines(network: Network, symbols: list[str], setting: Setting) -> list[str]:
    """Lines ``symbol = expression`` in the order of computation.

    Args:
        network: with state.
        symbols: [1 + I + M + N] of all rows; those of memory are ignored.
        setting: shared or individual weights.
    """
    symbols = _with_memory(network, symbols)
    lines: list[str] = []
    strength_of = {edge: f"s{number}" for number, edge in enumerate(network.plastic.tolist(), start=1)}
    edge, total = 0, 0
    for k, (code, fan_in) in enumerate(zip(network.activations.tolist(), network.fan_in.tolist(), strict=True)):
        entry, symbol, edges = ACTIVATION_OF_CODE[code], symbols[network.first_row + k], range(edge, edge + fan_in)
        read = {e: symbols[network.sources[e]] for e in edges}
        terms = [f"{strength_of[e]}*{read[e]}" if e in strength_of else read[e] for e in edges]
        individual = entry.gathers == "product" or not is_shared(setting)
        if individual:
            weights = ["w" if is_shared(setting) else repr(float(setting[network.connection_ids[e]])) for e in edges]
            terms = [f"({weight})*{term}" for weight, term in zip(weights, terms, strict=True)]
        argument = ("*" if entry.gathers == "product" else " + ").join(terms) or "0"
        if entry.gathers == "total":
            total += 1
            lines.append(f"t{total}_next = t{total} + {argument}")
            argument = f"t{total}_next"
        argument = argument if individual else f"w*({argument})"
        lines.append(f"{symbol} = {entry.sympy.format(x=argument)}")
        lines += [
            f"{strength_of[e]}_next = Max(-{LIMIT!r}, Min({LIMIT!r}, {DECAY!r}*{strength_of[e]} + {read[e]}*{symbol}))"
            for e in edges
            if e in strength_of
        ]
        edge += fan_in
    return lines


def _with_memory(network: Network, symbols: list[str]) -> list[str]:
    """The symbols with those of memory rows, such as x_ago2."""
    found, origin = list(symbols), {row: (row, 0) for row in range(len(symbols))}
    for row, source in reversed(network.copies.tolist()):
        origin[row] = origin[source][0], origin[source][1] + 1
        found[row] = f"{symbols[origin[row][0]]}_ago{origin[row][1]}"
    return found
