"""A champion's live network as Graphviz DOT, drawn from left to right by depth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inspection.exports.graph import graph_levels, live_genes, live_nodes, node_kinds, node_names
from inspection.exports.setting import Setting, by_connection, is_shared
from inspection.exports.texts import printable
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion

_COLOURS = {"bias": "#dddddd", "input": "#cfe2f3", "output": "#d9ead3", "hidden": "#fff2cc"}
_UNUSED = "#f4f4f4"


def render_dot(champion: Champion, setting: Setting) -> bytes:
    """DOT text with nodes ``n0``, ``n1``, ... by genome index: the bias, all inputs and outputs, and live hidden nodes.

    Unused inputs are grey. Individual weights are labels of their connections, and the attribute ``connection_weight``
    (Graphviz has a ``weight`` with another meaning).
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
        weight = weights[gene]
        own = "" if is_shared(setting) else f' [label="{weight:.3g}", connection_weight="{weight.item()!r}"]'
        yield f"n{genome.sources[gene]} -> n{genome.targets[gene]}{own};"


def _shown(champion: Champion) -> NDArray[np.bool_]:
    shown = live_nodes(champion.genome)
    shown[: champion.genome.num_fixed] = True
    return shown


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
