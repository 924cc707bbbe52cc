"""A champion's whole genome as GraphML: all genes, enabled or not, for Gephi, yEd and networkx."""

from __future__ import annotations

import io

from inspection.exports.graph import graph_levels, live_nodes, memory_of, node_kinds, node_names
from inspection.exports.setting import Setting, by_connection
from inspection.exports.texts import printable
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion


def render_graphml(champion: Champion, setting: Setting) -> bytes:
    """GraphML with nodes ``n0``, ``n1``, ... in the genome's order: kind, activation, name, level and liveness.

    Edges have the index of their gene, ``enabled``, and, if enabled, the weight. Delayed ones have ``delay`` in steps,
    and plastic ones ``plastic``.
    """
    import networkx as nx

    genome = champion.genome
    # Two nodes may have several connections, of different delays.
    kind = nx.MultiDiGraph if genome.delays.any() else nx.DiGraph
    graph = kind(task=printable(champion.task), num_inputs=genome.num_inputs, num_outputs=genome.num_outputs)
    levels, live, kinds = graph_levels(genome).tolist(), live_nodes(genome).tolist(), node_kinds(genome)
    for node, (name, code) in enumerate(zip(node_names(champion), genome.activations.tolist(), strict=True)):
        activation = ACTIVATION_OF_CODE[code].name
        graph.add_node(
            f"n{node}", kind=kinds[node], activation=activation, name=name, level=levels[node], live=live[node]
        )
    weights = iter(by_connection(setting, genome.num_enabled).tolist())
    genes = zip(genome.sources.tolist(), genome.targets.tolist(), genome.enabled.tolist(), strict=True)
    for gene, (source, target, enabled) in enumerate(genes):
        weight = {"weight": next(weights)} if enabled else {}
        graph.add_edge(f"n{source}", f"n{target}", gene=gene, enabled=enabled, **weight, **memory_of(genome, gene))
    content = io.BytesIO()
    nx.write_graphml_xml(graph, content)
    return content.getvalue()
