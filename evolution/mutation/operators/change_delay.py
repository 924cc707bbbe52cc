"""Change the delay of a delayed connection."""

import numpy as np

from evolution.mutation.operators.operator import Operator, nth_where, pick, pick_gene
from wann.genome import MAX_DELAY
from wann.kernels.jit import jit


@jit
def change_delay(child, size, shape, palette, u, v):
    """Give a random enabled gene with a delay another one that no gene between the same nodes has."""
    _, sources, targets, enabled, delays, _ = child
    num_genes = size[1]
    gene = pick_gene(enabled[:num_genes] & (delays[:num_genes] > 0), True, num_genes, u)
    if gene < 0:
        return size
    free = np.ones(1 + MAX_DELAY, np.bool_)
    free[0] = False
    for c in range(num_genes):
        if sources[c] == sources[gene] and targets[c] == targets[gene]:
            free[delays[c]] = False
    count = np.count_nonzero(free)
    if count:
        delays[gene] = nth_where(free, True, 0, 1 + MAX_DELAY, pick(v, count))
    return size


OPERATOR = Operator(change_delay)
