"""Mutation and pruning of a whole population of packed genomes in one call (numba).

The dispatch to operators is built from the registry when this module is first imported. An operator registered later
is ignored.
"""

import numpy as np

from evolution.mutation.registry import OPERATORS, load_operators
from wann.kernels.compilation import by_target, mark_live
from wann.kernels.jit import is_digested, jit, uncached

_OPERATORS = load_operators()
# Space for new nodes and genes of a child for each operator applied to it.
GROWTH_NODES = max(operator.added_nodes for operator in _OPERATORS)
GROWTH_GENES = max(operator.added_genes for operator in _OPERATORS)
# Entries after the last child. They make an operator that writes beyond its space detectable before it does harm.
_GUARD = 64


def _dispatch():
    """A kernel that applies the operator of a code. Any other code leaves the genome unchanged."""

    @uncached
    def apply(operator, child, size, shape, palette, u, v):
        return size

    for code in reversed(range(len(_OPERATORS))):
        apply = _with_case(code, _OPERATORS[code].kernel, apply)
    return apply


def _with_case(code, kernel, otherwise):
    @uncached
    def apply(operator, child, size, shape, palette, u, v):
        if operator == code:
            return kernel(child, size, shape, palette, u, v)
        return otherwise(operator, child, size, shape, palette, u, v)

    return apply


_apply = _dispatch()
# Machine code is cached only if the cache's digest covers the source of every operator.
_jit = jit if all(map(is_digested, OPERATORS.values())) else uncached


@_jit
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

    Raises:
        ValueError: an operator added more nodes or genes than it declares.
    """
    activations, sources, targets, enabled, node_offsets, gene_offsets = parents
    num_genomes, num_rounds = operators.shape
    spare_nodes, spare_genes = num_rounds * GROWTH_NODES, num_rounds * GROWTH_GENES
    out = (
        np.empty(len(activations) + num_genomes * spare_nodes + _GUARD, np.int8),
        np.empty(len(sources) + num_genomes * spare_genes + _GUARD, np.int32),
        np.empty(len(sources) + num_genomes * spare_genes + _GUARD, np.int32),
        np.empty(len(sources) + num_genomes * spare_genes + _GUARD, np.bool_),
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
            before = size
            size = _apply(operators[p, r], child, size, (num_inputs, num_outputs), palette, u, v)
            if size[0] - before[0] > GROWTH_NODES or size[1] - before[1] > GROWTH_GENES:
                raise ValueError("expected operators that add at most what their Operator says, found more")
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
