"""Move the source of an enabled connection."""

import numpy as np

from evolution.mutation.operators.operator import Operator, layers, nth_where, pick, pick_gene
from wann.kernels.jit import jit


@jit
def rewire(child, size, shape, palette, u, v):
    """Move the source of a random enabled gene to another node that has no gene to its target with the same delay.

    Without a delay that is an earlier node; with one it is any node but the bias.
    """
    _, sources, targets, enabled, delays, _ = child
    num_nodes, num_genes = size
    gene = pick_gene(enabled, True, num_genes, u)
    if gene < 0:
        return size
    target = targets[gene]
    if delays[gene]:
        candidates = np.ones(num_nodes, np.bool_)
        candidates[0] = False
    else:
        layer = layers(child, size, shape)
        candidates = layer < layer[target]
    for c in range(num_genes):
        if targets[c] == target and delays[c] == delays[gene]:
            candidates[sources[c]] = False
    count = np.count_nonzero(candidates)
    if count:
        sources[gene] = nth_where(candidates, True, 0, num_nodes, pick(v, count))
    return size


OPERATOR = Operator(rewire)
