"""Split a node that several connections feed: a new node gathers them, and feeds it."""

import numpy as np

from evolution.mutation.operators.operator import Operator, nth_where, pick
from wann.kernels.jit import jit


@jit
def split_node(child, size, shape, palette, u, v):
    """Move the enabled genes into a random node to a new node with a random activation, and connect the two.

    So an activation can bend a sum in one edit, and an output gets one. Only nodes with several enabled genes are
    split, because `insert_node` does the same for one. Genes keep their delays and plasticity; disabled ones stay.
    """
    activations, sources, targets, enabled, _, _ = child
    num_nodes, num_genes = size
    fan_in = np.zeros(num_nodes, np.int64)
    for c in range(num_genes):
        fan_in[targets[c]] += enabled[c]
    count = np.count_nonzero(fan_in > 1)
    if count == 0:
        return size
    node = nth_where(fan_in > 1, True, 0, num_nodes, pick(u, count))
    for c in range(num_genes):
        if targets[c] == node and enabled[c]:
            targets[c] = num_nodes
    activations[num_nodes] = palette[pick(v, len(palette))]
    sources[num_genes], targets[num_genes], enabled[num_genes] = num_nodes, node, True
    return num_nodes + 1, num_genes + 1


OPERATOR = Operator(split_node, added_nodes=1, added_genes=1)
