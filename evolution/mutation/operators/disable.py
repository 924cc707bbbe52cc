"""Disable an enabled connection."""

from evolution.mutation.operators.operator import Operator, pick_gene
from wann.kernels.jit import jit


@jit
def disable(child, size, shape, palette, u, v):
    """Disable a random enabled gene."""
    enabled = child[3]
    gene = pick_gene(enabled, True, size[1], u)
    if gene >= 0:
        enabled[gene] = False
    return size


OPERATOR = Operator(disable)
