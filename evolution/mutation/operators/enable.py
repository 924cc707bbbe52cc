"""Enable a disabled connection."""

from evolution.mutation.operators.operator import Operator, pick_gene
from wann.kernels.jit import jit


@jit
def enable(child, size, shape, palette, u, v):
    """Enable a random disabled gene."""
    enabled = child[3]
    gene = pick_gene(enabled, False, size[1], u)
    if gene >= 0:
        enabled[gene] = True
    return size


OPERATOR = Operator(enable)
