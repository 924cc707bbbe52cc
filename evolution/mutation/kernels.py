"""Mutation and pruning of a whole population of packed genomes in one call (numba).

The dispatch to operators is built from the registry when this module is first imported. An operator registered later
is ignored.
"""

import numpy as np

from evolution.mutation.registry import OPERATORS, load_operators
from wann.kernels.compilation import by_target, mark_live
from wann.kernels.jit import is_digested, jit, part, uncached

_OPERATORS = load_operators()
# Space for new nodes and genes of a child, by the code of the operator that is applied to it. The last is for no code.
_GROWTH_NODES = np.array([*(operator.added_nodes for operator in _OPERATORS), 0])
_GROWTH_GENES = np.array([*(operator.added_genes for operator in _OPERATORS), 0])
# Entries after the last child. They make an operator that writes beyond its space detectable before it does harm.
_GUARD = 64


def _dispatch():
    """A kernel that applies the operator of a code. Any other code leaves the genome unchanged."""

    @part
    def apply(operator, child, size, shape, palette, u, v):
        return size

    for code in reversed(range(len(_OPERATORS))):
        apply = _with_case(code, _OPERATORS[code].kernel, apply)
    return apply


def _with_case(code, kernel, otherwise):
    @part
    def apply(operator, child, size, shape, palette, u, v):
        if operator == code:
            return kernel(child, size, shape, palette, u, v)
        return otherwise(operator, child, size, shape, palette, u, v)

    return apply


_apply = _dispatch()
# Machine code is cached only if the cache's digest covers the source of every operator.
_jit = jit if all(map(is_digested, OPERATORS.values())) else uncached


@_jit
def mutate_packed(num_inputs, num_outputs, parents, operators, uniforms, palette, groups):
    """Mutate every genome of a packed population.

    Args:
        num_inputs: I.
        num_outputs: O.
        parents: (activations, sources, targets, enabled, delays, plastic, node_offsets, gene_offsets).
        operators: [P, M] codes, applied from left to right; -1 for none.
        uniforms: [P, M, 2].
        palette: activation codes that new and changed nodes may have.
        groups: [1 + I + O] int64 group of each fixed node, or -1.

    Returns:
        The same eight arrays for the children.

    Raises:
        ValueError: an operator added more nodes or genes than it declares.
    """
    node_offsets, gene_offsets = parents[6], parents[7]
    num_genomes, num_rounds = operators.shape
    spare_nodes, spare_genes = 0, 0
    for p in range(num_genomes):
        for r in range(num_rounds):
            spare_nodes += _GROWTH_NODES[operators[p, r]]
            spare_genes += _GROWTH_GENES[operators[p, r]]
    out = _room(len(parents[0]) + spare_nodes + _GUARD, len(parents[1]) + spare_genes + _GUARD)
    node_ends = np.zeros(num_genomes + 1, np.int64)
    gene_ends = np.zeros(num_genomes + 1, np.int64)
    shape = (num_inputs, num_outputs, groups)
    for p in range(num_genomes):
        child = _copy(parents, p, out, node_ends[p], gene_ends[p])
        size = (node_offsets[p + 1] - node_offsets[p], gene_offsets[p + 1] - gene_offsets[p])
        for r in range(num_rounds):
            u, v = uniforms[p, r, 0], uniforms[p, r, 1]
            operator, before = operators[p, r], size
            size = _apply(operator, child, size, shape, palette, u, v)
            if size[0] - before[0] > _GROWTH_NODES[operator] or size[1] - before[1] > _GROWTH_GENES[operator]:
                raise ValueError("expected operators that add at most what their Operator says, found more")
        node_ends[p + 1] = node_ends[p] + size[0]
        gene_ends[p + 1] = gene_ends[p] + size[1]
    num_nodes, num_genes = node_ends[num_genomes], gene_ends[num_genomes]
    return (
        out[0][:num_nodes].copy(),
        out[1][:num_genes].copy(),
        out[2][:num_genes].copy(),
        out[3][:num_genes].copy(),
        out[4][:num_genes].copy(),
        out[5][:num_genes].copy(),
        node_ends,
        gene_ends,
    )


@part
def _room(num_nodes, num_genes):
    """Arrays for children: those of a genome."""
    return (
        np.empty(num_nodes, np.int8),
        np.empty(num_genes, np.int32),
        np.empty(num_genes, np.int32),
        np.empty(num_genes, np.bool_),
        np.zeros(num_genes, np.int8),
        np.zeros(num_genes, np.bool_),
    )


@part
def _copy(parents, p, out, node, gene):
    """Copy genome ``p`` to the given places of ``out``; return all that follows there, with its room to grow."""
    for there, n in enumerate(range(parents[6][p], parents[6][p + 1])):
        out[0][node + there] = parents[0][n]
    for there, c in enumerate(range(parents[7][p], parents[7][p + 1])):
        out[1][gene + there] = parents[1][c]
        out[2][gene + there] = parents[2][c]
        out[3][gene + there] = parents[3][c]
        out[4][gene + there] = parents[4][c]
        out[5][gene + there] = parents[5][c]
    return out[0][node:], out[1][gene:], out[2][gene:], out[3][gene:], out[4][gene:], out[5][gene:]


@jit
def prune_packed(num_inputs, num_outputs, genomes):
    """Remove the hidden nodes that no output depends on, with all their genes, from packed genomes."""
    activations, sources, targets, enabled, delays, plastic, node_offsets, gene_offsets = genomes
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
        delays[keep_gene],
        plastic[keep_gene],
        node_ends,
        gene_ends,
    )
