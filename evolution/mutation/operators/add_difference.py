"""Let a node read how much an earlier one has changed."""

import numpy as np

from evolution.mutation.operators.operator import Operator, layers, nth_where, pick
from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, MAX_DELAY
from wann.kernels.jit import jit

_INVERSE = ACTIVATIONS["inverse"].code


@jit
def add_difference(child, size, shape, palette, u, v):
    """Feed a random later node with a random node's value less that of some steps ago.

    The value comes through a new linear node and the earlier one through a new inverse node, whatever the palette: both
    paths have the same power of the shared weight, so the difference is one at every weight. By other operators it
    takes four edits, and is wrong until the last.
    """
    activations, sources, targets, enabled, delays, _ = child
    num_nodes, num_genes = size
    layer = layers(child, size, shape)
    has_value = layer < layer.max()  # all but outputs
    has_value[0] = False
    source = nth_where(has_value, True, 0, num_nodes, pick(u, np.count_nonzero(has_value)))
    delay, rest = 1 + pick(v, MAX_DELAY), v * MAX_DELAY % 1
    later = layer > layer[source]
    target = nth_where(later, True, 0, num_nodes, pick(rest, np.count_nonzero(later)))
    for k in range(2):
        activations[num_nodes + k] = _INVERSE if k else LINEAR
        gene = num_genes + 2 * k
        sources[gene], targets[gene], enabled[gene], delays[gene] = source, num_nodes + k, True, k * delay
        sources[gene + 1], targets[gene + 1], enabled[gene + 1] = num_nodes + k, target, True
    return num_nodes + 2, num_genes + 4


OPERATOR = Operator(add_difference, added_nodes=2, added_genes=4)
