"""A champion's live network as Graphviz DOT, drawn from left to right by depth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inspection.exports.graph import graph_levels, live_genes, live_nodes, memory_of, node_kinds, node_names
from inspection.exports.setting import Setting, by_connection, is_shared
from inspection.exports.texts import printable
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion

_COLOURS = {"bias": "#dddddd", "input": "#cfe2f3", "output": "#d9ead3", "hidden": "#fff2cc"}
_UNUSED = "#f4f4f4"
_PLASTIC = "#aa4a86"


def render_dot(champion: Champion, setting: Setting) -> bytes:
    """DOT text with nodes ``n0``, ``n1``, ... by genome index: the bias, all inputs and outputs, and live hidden nodes.

    Unused inputs are grey. Individual weights are labels of their connections, and the attribute ``connection_weight``
    (Graphviz has a ``weight`` with another meaning). Delayed connections are dashed and labelled by their delay;
    plastic ones have a colour. Both have attributes of these names.
    """
    lines = [
        f"digraph {_quoted(printable(champion.task))} {{",
        '  rankdir="LR";',
        '  node [shape="box", style="rounded,filled", fontname="sans-serif"];',
        *(f"  {line}" for line in _nodes(champion)),
        *(f"  {line}" for line in _ranks(champion)),
        *(f"  {line}" for line in _connections(champion, setting)),
        "}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _nodes(champion: Champion) -> Iterator[str]:
    genome, names, kinds, live = champion.genome, node_names(champion), node_kinds(champion.genome), _shown(champion)
    used = live_nodes(genome)
    for node in np.flatnonzero(live).tolist():
        activation, colour = ACTIVATION_OF_CODE[int(genome.activations[node])].name, _COLOURS[kinds[node]]
        label = _escaped(names[node])
        if kinds[node] in ("hidden", "output"):
            label += rf"\n{activation}"
        yield (
            f'n{node} [label="{label}", fillcolor="{colour if used[node] else _UNUSED}", kind="{kinds[node]}", '
            f'activation="{activation}"];'
        )


def _ranks(champion: Champion) -> Iterator[str]:
    levels, shown = graph_levels(champion.genome), _shown(champion)
    for level in np.unique(levels[shown]).tolist():
        place = {0: "min", int(levels.max()): "max"}.get(level, "same")
        members = " ".join(f"n{node};" for node in np.flatnonzero(shown & (levels == level)).tolist())
        yield f'{{ rank="{place}"; {members} }}'


def _connections(champion: Champion, setting: Setting) -> Iterator[str]:
    genome = champion.genome
    weights = np.zeros(len(genome.enabled))
    weights[genome.enabled] = by_connection(setting, genome.num_enabled)
    for gene in np.flatnonzero(live_genes(genome)).tolist():
        weight, memory = weights[gene], memory_of(genome, gene)
        said = [] if is_shared(setting) else [f"{weight:.3g}"]
        said += [f"\u2212{memory['delay']}"] if "delay" in memory else []
        own = {"label": " ".join(said)} if said else {}
        own |= {} if is_shared(setting) else {"connection_weight": repr(weight.item())}
        own |= {key: str(value).lower() for key, value in memory.items()}
        # A delayed connection takes no part in the order from left to right.
        own |= {"style": "dashed", "constraint": "false"} if "delay" in memory else {}
        own |= {"color": _PLASTIC} if "plastic" in memory else {}
        listed = ", ".join(f'{key}="{value}"' for key, value in own.items())
        yield f"n{genome.sources[gene]} -> n{genome.targets[gene]}{f' [{listed}]' if own else ''};"


def _shown(champion: Champion) -> NDArray[np.bool_]:
    shown = live_nodes(champion.genome)
    shown[: champion.genome.num_fixed] = True
    return shown


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
