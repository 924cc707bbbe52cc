"""The record of an operator, and the choices that operators share (numba).

An operator edits a working copy of one genome in place:

    kernel(child, size, shape, palette, u, v) -> size

``child`` is (activations, sources, targets, enabled, delays, plastic) with room to grow, where delays are 0 and plastic
is False; ``size`` is (nodes, genes) in use, ``shape`` is (I, O, groups [1 + I + O]) with the group of each fixed node,
or -1; ``palette`` holds the activation codes that new and changed nodes may have, ``u`` and ``v`` are uniform
draws from [0, 1). It returns the new size. If it does not apply (for example, no disabled gene to enable), it leaves
the genome unchanged. Nodes are bias, inputs, outputs, hidden; new ones are appended.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wann.kernels.compilation import by_target, topological
from wann.kernels.jit import jit, part


@dataclass(frozen=True)
class Operator:
    """An edit, and the space that it needs.

    A kernel that adds more than declared here causes an error (`evolution.mutation.kernels.mutate_packed`).
    """

    kernel: Any  # compiled by `wann.kernels.jit.jit`
    added_nodes: int = 0  # at most
    added_genes: int = 0  # at most


@part
def pick(u, count):
    """Index in 0..count-1 from a uniform draw."""
    return min(int(u * count), count - 1)


@part
def nth_where(flags, wanted, begin, end, n):
    """Position of the n-th entry equal to ``wanted`` in flags[begin:end]."""
    for i in range(begin, end):
        if flags[i] == wanted:
            if n == 0:
                return i
            n -= 1
    return -1


@part
def pick_gene(enabled, wanted, num_genes, u):
    """A random gene whose ``enabled`` is ``wanted``; -1 if there is none."""
    count = np.count_nonzero(enabled[:num_genes] == wanted)
    return nth_where(enabled, wanted, 0, num_genes, pick(u, count)) if count else -1


@jit
def put(child, num_genes, source, target, delay, is_plastic):
    """Connect two nodes, unless an enabled gene does; return the new number of genes.

    A disabled gene with the same ends and delay is enabled and takes the given plasticity; otherwise one is added.
    """
    _, sources, targets, enabled, delays, plastic = child
    for c in range(num_genes):
        if sources[c] == source and targets[c] == target and delays[c] == delay:
            if not enabled[c]:
                enabled[c], plastic[c] = True, is_plastic
            return num_genes
    sources[num_genes], targets[num_genes], enabled[num_genes] = source, target, True
    delays[num_genes], plastic[num_genes] = delay, is_plastic
    return num_genes + 1


@jit
def layers(child, size, shape):
    """Longest path from an input over all genes without a delay [N], enabled or not; outputs share the last layer.

    Such edges always run from a lower to a higher layer. So any edge to a strictly later layer keeps their graph
    acyclic, even if disabled genes are enabled again.
    """
    _, sources, targets, _, delays, _ = child
    num_nodes, num_genes = size
    num_inputs, num_outputs, _ = shape
    first_output = 1 + num_inputs
    offsets, genes = by_target(targets[:num_genes], delays[:num_genes] == 0, num_nodes)
    order = topological(sources, offsets, genes, num_nodes)
    layer = np.zeros(num_nodes, np.int64)
    last = 0
    for position in range(num_nodes):
        n = order[position]
        if first_output <= n < first_output + num_outputs:
            continue
        for i in range(offsets[n], offsets[n + 1]):
            layer[n] = max(layer[n], layer[sources[genes[i]]] + 1)
        last = max(last, layer[n])
    layer[first_output : first_output + num_outputs] = last + 1
    return layer
