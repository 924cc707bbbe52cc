"""Move the source of an enabled connection."""

import numpy as np

from evolution.mutation.operators.operator import Operator, layers, nth_where, pick, pick_gene
from wann.kernels.jit import jit


@jit
def rewire(child, size, shape, palette, u, v):
    """Move the source of a random enabled gene to another earlier node that has no gene to its target."""
    _, sources, targets, enabled = child
    num_nodes, num_genes = size
    gene = pick_gene(enabled, True, num_genes, u)
    if gene < 0:
        return size
    target = targets[gene]
    layer = layers(child, size, shape)
    candidates = layer < layer[target]
    for c in range(num_genes):
        if targets[c] == target:
            candidates[sources[c]] = False
    count = np.count_nonzero(candidates)
    if count:
        sources[gene] = nth_where(candidates, True, 0, num_nodes, pick(v, count))
    return size


OPERATOR = Operator(rewire)
