"""Give a hidden node another activation."""

from evolution.mutation.operators.operator import Operator, pick
from wann.kernels.jit import jit


@jit
def change_activation(child, size, shape, palette, u, v):
    """Give a random hidden node a different activation of the palette."""
    activations = child[0]
    num_fixed = 1 + shape[0] + shape[1]
    num_hidden = size[0] - num_fixed
    if num_hidden == 0:
        return size
    node = num_fixed + pick(u, num_hidden)
    others = palette[palette != activations[node]]
    if len(others):
        activations[node] = others[pick(v, len(others))]
    return size


OPERATOR = Operator(change_activation)
