"""Add an absent connection that closes no cycle."""

import numpy as np

from evolution.mutation.operators.operator import Operator, layers, nth_where, pick
from wann.kernels.jit import jit


@jit
def add_connection(child, size, shape, palette, u, v):
    """Add a gene without a delay from a random source to a random, strictly later node that it has none to."""
    _, sources, targets, enabled, delays, _ = child
    num_nodes, num_genes = size
    layer = layers(child, size, shape)
    in_layer = np.zeros(layer.max() + 2, np.int64)
    for n in range(num_nodes):
        in_layer[layer[n]] += 1
    later = num_nodes - np.cumsum(in_layer)
    free = np.empty(num_nodes, np.int64)
    for n in range(num_nodes):
        free[n] = later[layer[n]]
    for c in range(num_genes):
        free[sources[c]] -= delays[c] == 0
    num_sources = np.count_nonzero(free > 0)
    if num_sources == 0:
        return size
    source = nth_where(free > 0, True, 0, num_nodes, pick(u, num_sources))
    reachable = layer > layer[source]
    for c in range(num_genes):
        if sources[c] == source and delays[c] == 0:
            reachable[targets[c]] = False
    target = nth_where(reachable, True, 0, num_nodes, pick(v, free[source]))
    sources[num_genes], targets[num_genes], enabled[num_genes] = source, target, True
    return num_nodes, num_genes + 1


OPERATOR = Operator(add_connection, added_genes=1)
