"""The operators, on flat arrays (numba).

An operator edits a working copy of one genome in place: ``child`` is (activations, sources, targets,
enabled) with room to grow, ``size`` is (nodes, genes) in use. It takes two uniform draws and returns the
new size; where it does not apply (no disabled gene to enable, say) it returns the genome unchanged.
"""

import numpy as np

from evolution.mutation.operators import MUTATIONS
from wann.kernels.compilation import by_target, mark_live, topological
from wann.kernels.jit import jit

ADD_CONNECTION = MUTATIONS["add_connection"]
INSERT_NODE = MUTATIONS["insert_node"]
ENABLE = MUTATIONS["enable"]
CHANGE_ACTIVATION = MUTATIONS["change_activation"]
DISABLE = MUTATIONS["disable"]
REWIRE = MUTATIONS["rewire"]
GROWTH_NODES = 1  # most nodes one operator adds
GROWTH_GENES = 2  # most genes one operator adds


@jit
def pick(u, count):
    """Index in 0..count-1 from a uniform draw."""
    return min(int(u * count), count - 1)


@jit
def nth_where(flags, wanted, begin, end, n):
    """Position of the n-th entry equal to ``wanted`` in flags[begin:end]."""
    for i in range(begin, end):
        if flags[i] == wanted:
            if n == 0:
                return i
            n -= 1
    return -1


@jit
def pick_gene(enabled, wanted, num_genes, u):
    """A random gene whose ``enabled`` is ``wanted``; -1 if there is none."""
    count = np.count_nonzero(enabled[:num_genes] == wanted)
    return nth_where(enabled, wanted, 0, num_genes, pick(u, count)) if count else -1


@jit
def layers(child, size, num_inputs, num_outputs):
    """Longest path from an input over all genes, enabled or not [N]; outputs share the last layer.

    Edges only ever run from a lower to a higher layer, so any edge to a strictly later layer keeps the
    graph acyclic, also once disabled genes are enabled again.
    """
    _, sources, targets, _ = child
    num_nodes, num_genes = size
    first_output = 1 + num_inputs
    offsets, genes = by_target(targets[:num_genes], np.ones(num_genes, np.bool_), num_nodes)
    order = topological(sources, offsets, genes, num_nodes)
    layer = np.zeros(num_nodes, np.int64)
    last = 0
    for position in range(num_nodes):
        n = order[position]
        if first_output <= n < first_output + num_outputs:
            continue
        for i in range(offsets[n], offsets[n + 1]):
            layer[n] = max(layer[n], layer[sources[genes[i]]] + 1)
        last = max(last, layer[n])
    layer[first_output : first_output + num_outputs] = last + 1
    return layer


@jit
def add_connection(child, size, num_inputs, num_outputs, u, v):
    """A gene from a random source to a random strictly later node that it does not reach yet."""
    _, sources, targets, enabled = child
    num_nodes, num_genes = size
    layer = layers(child, size, num_inputs, num_outputs)
    in_layer = np.zeros(layer.max() + 2, np.int64)
    for n in range(num_nodes):
        in_layer[layer[n]] += 1
    later = num_nodes - np.cumsum(in_layer)
    free = np.empty(num_nodes, np.int64)
    for n in range(num_nodes):
        free[n] = later[layer[n]]
    for c in range(num_genes):
        free[sources[c]] -= 1
    num_sources = np.count_nonzero(free > 0)
    if num_sources == 0:
        return size
    source = nth_where(free > 0, True, 0, num_nodes, pick(u, num_sources))
    reachable = layer > layer[source]
    for c in range(num_genes):
        if sources[c] == source:
            reachable[targets[c]] = False
    target = nth_where(reachable, True, 0, num_nodes, pick(v, free[source]))
    sources[num_genes], targets[num_genes], enabled[num_genes] = source, target, True
    return num_nodes, num_genes + 1


@jit
def insert_node(child, size, palette, u, v):
    """Split an enabled gene by a new node with a random activation; the old gene is disabled."""
    activations, sources, targets, enabled = child
    num_nodes, num_genes = size
    gene = pick_gene(enabled, True, num_genes, u)
    if gene < 0:
        return size
    enabled[gene] = False
    activations[num_nodes] = palette[pick(v, len(palette))]
    sources[num_genes], targets[num_genes], enabled[num_genes] = sources[gene], num_nodes, True
    sources[num_genes + 1], targets[num_genes + 1], enabled[num_genes + 1] = num_nodes, targets[gene], True
    return num_nodes + 1, num_genes + 2


@jit
def toggle(child, size, before, u):
    """Flip a random gene whose ``enabled`` is ``before``."""
    enabled = child[3]
    gene = pick_gene(enabled, before, size[1], u)
    if gene >= 0:
        enabled[gene] = not before
    return size


@jit
def change_activation(child, size, num_fixed, palette, u, v):
    """Give a random hidden node a different activation of the palette."""
    activations = child[0]
    num_hidden = size[0] - num_fixed
    if num_hidden == 0:
        return size
    node = num_fixed + pick(u, num_hidden)
    others = palette[palette != activations[node]]
    if len(others):
        activations[node] = others[pick(v, len(others))]
    return size


@jit
def rewire(child, size, num_inputs, num_outputs, u, v):
    """Move the source of a random enabled gene to another earlier node without a gene to its target."""
    _, sources, targets, enabled = child
    num_nodes, num_genes = size
    gene = pick_gene(enabled, True, num_genes, u)
    if gene < 0:
        return size
    target = targets[gene]
    layer = layers(child, size, num_inputs, num_outputs)
    candidates = layer < layer[target]
    for c in range(num_genes):
        if targets[c] == target:
            candidates[sources[c]] = False
    count = np.count_nonzero(candidates)
    if count:
        sources[gene] = nth_where(candidates, True, 0, num_nodes, pick(v, count))
    return size


@jit
def apply(operator, child, size, num_inputs, num_outputs, palette, u, v):
    """Dispatch on the operator's code; any other code leaves the genome as it is."""
    if operator == ADD_CONNECTION:
        return add_connection(child, size, num_inputs, num_outputs, u, v)
    if operator == INSERT_NODE:
        return insert_node(child, size, palette, u, v)
    if operator == ENABLE:
        return toggle(child, size, False, u)
    if operator == CHANGE_ACTIVATION:
        return change_activation(child, size, 1 + num_inputs + num_outputs, palette, u, v)
    if operator == DISABLE:
        return toggle(child, size, True, u)
    if operator == REWIRE:
        return rewire(child, size, num_inputs, num_outputs, u, v)
    return size


@jit
def mutate_packed(num_inputs, num_outputs, parents, operators, uniforms, palette):
    """Mutate every genome of a packed population.

    Args:
        num_inputs: I.
        num_outputs: O.
        parents: (activations, sources, targets, enabled, node_offsets, gene_offsets).
        operators: [P, M] codes, applied from left to right; -1 for none.
        uniforms: [P, M, 2].
        palette: activation codes that new and changed nodes may have.

    Returns:
        The same six arrays for the children.
    """
    activations, sources, targets, enabled, node_offsets, gene_offsets = parents
    num_genomes, num_rounds = operators.shape
    spare_nodes, spare_genes = num_rounds * GROWTH_NODES, num_rounds * GROWTH_GENES
    out = (
        np.empty(len(activations) + num_genomes * spare_nodes, np.int8),
        np.empty(len(sources) + num_genomes * spare_genes, np.int32),
        np.empty(len(sources) + num_genomes * spare_genes, np.int32),
        np.empty(len(sources) + num_genomes * spare_genes, np.bool_),
    )
    node_ends = np.zeros(num_genomes + 1, np.int64)
    gene_ends = np.zeros(num_genomes + 1, np.int64)
    for p in range(num_genomes):
        num_nodes = node_offsets[p + 1] - node_offsets[p]
        num_genes = gene_offsets[p + 1] - gene_offsets[p]
        node, gene = node_ends[p], gene_ends[p]
        child = (
            out[0][node : node + num_nodes + spare_nodes],
            out[1][gene : gene + num_genes + spare_genes],
            out[2][gene : gene + num_genes + spare_genes],
            out[3][gene : gene + num_genes + spare_genes],
        )
        child[0][:num_nodes] = activations[node_offsets[p] : node_offsets[p + 1]]
        child[1][:num_genes] = sources[gene_offsets[p] : gene_offsets[p + 1]]
        child[2][:num_genes] = targets[gene_offsets[p] : gene_offsets[p + 1]]
        child[3][:num_genes] = enabled[gene_offsets[p] : gene_offsets[p + 1]]
        size = (num_nodes, num_genes)
        for r in range(num_rounds):
            u, v = uniforms[p, r, 0], uniforms[p, r, 1]
            size = apply(operators[p, r], child, size, num_inputs, num_outputs, palette, u, v)
        node_ends[p + 1] = node + size[0]
        gene_ends[p + 1] = gene + size[1]
    num_nodes, num_genes = node_ends[num_genomes], gene_ends[num_genomes]
    return (
        out[0][:num_nodes].copy(),
        out[1][:num_genes].copy(),
        out[2][:num_genes].copy(),
        out[3][:num_genes].copy(),
        node_ends,
        gene_ends,
    )


@jit
def prune_packed(num_inputs, num_outputs, genomes):
    """Remove the hidden nodes that no output depends on, with all their genes, from packed genomes."""
    activations, sources, targets, enabled, node_offsets, gene_offsets = genomes
    num_genomes = len(node_offsets) - 1
    num_fixed = 1 + num_inputs + num_outputs
    keep_node = np.ones(len(activations), np.bool_)
    keep_gene = np.ones(len(sources), np.bool_)
    new_sources, new_targets = sources.copy(), targets.copy()
    node_ends = np.zeros(num_genomes + 1, np.int64)
    gene_ends = np.zeros(num_genomes + 1, np.int64)
    for p in range(num_genomes):
        node, gene, gene_end = node_offsets[p], gene_offsets[p], gene_offsets[p + 1]
        num_nodes = node_offsets[p + 1] - node
        offsets, genes = by_target(targets[gene:gene_end], enabled[gene:gene_end], num_nodes)
        live = mark_live(sources[gene:gene_end], offsets, genes, 1 + num_inputs, num_fixed, num_nodes)
        live[:num_fixed] = True
        keep_node[node : node + num_nodes] = live
        name = np.cumsum(live) - 1
        for c in range(gene, gene_end):
            keep_gene[c] = live[sources[c]] and live[targets[c]]
            new_sources[c], new_targets[c] = name[sources[c]], name[targets[c]]
        node_ends[p + 1] = node_ends[p] + np.count_nonzero(live)
        gene_ends[p + 1] = gene_ends[p] + np.count_nonzero(keep_gene[gene:gene_end])
    return (
        activations[keep_node],
        new_sources[keep_gene],
        new_targets[keep_gene],
        enabled[keep_gene],
        node_ends,
        gene_ends,
    )
