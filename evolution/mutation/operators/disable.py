"""Disable an enabled connection."""

from evolution.mutation.operators.operator import Operator, pick_gene
from wann.kernels.jit import jit


@jit
def disable(child, size, shape, palette, u, v):
    """A random enabled gene is disabled."""
    enabled = child[3]
    gene = pick_gene(enabled, True, size[1], u)
    if gene >= 0:
        enabled[gene] = False
    return size


OPERATOR = Operator(disable)
