"""Add a connection whose strength each episode writes."""

import numpy as np

from evolution.mutation.operators.operator import Operator, layers, nth_where, pick, put
from wann.kernels.jit import jit


@jit
def add_plastic_connection(child, size, shape, palette, u, v):
    """Connect a random node to a random, strictly later one that it has no enabled connection to, by a plastic gene.

    In half of the cases the gene has a delay of 1, so that it writes and reads what its source was one step ago. A
    disabled gene between the two with that delay is enabled and becomes plastic.
    """
    _, sources, targets, enabled, delays, _ = child
    num_nodes, num_genes = size
    delay = int(u >= 0.5)
    u = 2 * u - delay
    layer = layers(child, size, shape)
    free = np.zeros(num_nodes, np.int64)
    for n in range(num_nodes):
        free[n] = np.count_nonzero(layer > layer[n])
    if delay:
        free[0] = 0  # nothing delayed leaves the bias
    for c in range(num_genes):
        free[sources[c]] -= enabled[c] and delays[c] == delay and layer[targets[c]] > layer[sources[c]]
    num_sources = np.count_nonzero(free > 0)
    if num_sources == 0:
        return size
    source = nth_where(free > 0, True, 0, num_nodes, pick(u, num_sources))
    reachable = layer > layer[source]
    for c in range(num_genes):
        if sources[c] == source and enabled[c] and delays[c] == delay:
            reachable[targets[c]] = False
    target = nth_where(reachable, True, 0, num_nodes, pick(v, free[source]))
    return num_nodes, put(child, num_genes, source, target, delay, True)


OPERATOR = Operator(add_plastic_connection, added_genes=1)
