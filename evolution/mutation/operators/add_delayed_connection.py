"""Add a connection that reads a value of earlier steps."""

import numpy as np

from evolution.mutation.operators.operator import Operator, nth_where, pick
from wann.genome import MAX_DELAY
from wann.kernels.jit import jit


@jit
def add_delayed_connection(child, size, shape, palette, u, v):
    """Add a delayed gene from a random node but the bias to a random computed node, where it may close a cycle.

    The delay is 1 in half of the cases, else any up to the limit.
    """
    _, sources, targets, enabled, delays, _ = child
    num_nodes, num_genes = size
    source, delay, v = 1 + pick(u, num_nodes - 1), 1, 2 * v
    if v >= 1:
        v = (v - 1) * MAX_DELAY
        delay = min(1 + int(v), MAX_DELAY)
        v -= int(v)
    free = np.ones(num_nodes, np.bool_)
    free[: 1 + shape[0]] = False
    for c in range(num_genes):
        if sources[c] == source and delays[c] == delay:
            free[targets[c]] = False
    count = np.count_nonzero(free)
    if count == 0:
        return size
    target = nth_where(free, True, 0, num_nodes, pick(v, count))
    sources[num_genes], targets[num_genes], enabled[num_genes] = source, target, True
    delays[num_genes] = delay
    return num_nodes, num_genes + 1


OPERATOR = Operator(add_delayed_connection, added_genes=1)
