"""Repeat a connection along a group of inputs or outputs that the task declares (`envs.task.HasGroups`).

That some inputs or outputs have one role, such as the keys of a dictionary, is a strong hint of the task's author.
"""

import numpy as np

from evolution.mutation.operators.operator import Operator, pick, put
from wann.kernels.jit import jit, part

MOST = 1024  # genes added at once


@jit
def repeat_along_group(child, size, shape, palette, u, v):
    """Repeat a random enabled gene that has an end in a group: for each member of the group in place of that end.

    If both ends are in groups, it is repeated along either one, for every pair of members, or, if the groups have one
    size, for every pair at the same distance within their groups. All these are equally likely.
    """
    _, sources, targets, enabled, delays, plastic = child
    num_nodes, num_genes = size
    groups = shape[2]
    grouped = np.zeros(num_genes, np.bool_)
    for c in range(num_genes):
        grouped[c] = enabled[c] and (_size(groups, sources[c]) > 1 or _size(groups, targets[c]) > 1)
    count = np.count_nonzero(grouped)
    if count == 0:
        return size
    gene = np.flatnonzero(grouped)[pick(u, count)]
    before, after = _members(groups, sources[gene]), _members(groups, targets[gene])
    delay, is_plastic, first, end = delays[gene], plastic[gene], num_genes, num_genes
    kinds = 1
    if len(before) > 1 and len(after) > 1:
        kinds = 4 if len(before) == len(after) else 3
    kind = pick(v, kinds)
    if kind == 3:
        shift = np.flatnonzero(after == targets[gene])[0] - np.flatnonzero(before == sources[gene])[0]
        for i in range(len(before)):
            if end - first < MOST:
                end = put(child, end, before[i], after[(i + shift) % len(after)], delay, is_plastic)
        return num_nodes, end
    for source in before:
        for target in after:
            wanted = kinds == 1 or kind == 2 or (target == targets[gene] if kind == 0 else source == sources[gene])
            if wanted and end - first < MOST:
                end = put(child, end, source, target, delay, is_plastic)
    return num_nodes, end


@part
def _size(groups, node):
    return np.count_nonzero(groups == groups[node]) if node < len(groups) and groups[node] >= 0 else 1


@part
def _members(groups, node):
    """The nodes of a node's group, or the node alone."""
    if node < len(groups) and groups[node] >= 0:
        return np.flatnonzero(groups == groups[node])
    return np.full(1, node, np.int64)


OPERATOR = Operator(repeat_along_group, added_genes=MOST)
