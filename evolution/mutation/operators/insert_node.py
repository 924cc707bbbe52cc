"""Split an enabled connection by a node with a random activation."""

from evolution.mutation.operators.operator import Operator, pick, pick_gene
from wann.kernels.jit import jit


@jit
def insert_node(child, size, shape, palette, u, v):
    """Disable the old gene, and add genes from its source to the new node and from there to its target.

    The second keeps the old gene's delay and plasticity. Where the source is an output, the first keeps the delay,
    because an output is the source of delayed genes only.
    """
    activations, sources, targets, enabled, delays, plastic = child
    first_output = 1 + shape[0]
    num_nodes, num_genes = size
    gene = pick_gene(enabled, True, num_genes, u)
    if gene < 0:
        return size
    enabled[gene] = False
    activations[num_nodes] = palette[pick(v, len(palette))]
    sources[num_genes], targets[num_genes], enabled[num_genes] = sources[gene], num_nodes, True
    sources[num_genes + 1], targets[num_genes + 1], enabled[num_genes + 1] = num_nodes, targets[gene], True
    of_output = first_output <= sources[gene] < first_output + shape[1]
    delays[num_genes + (0 if of_output else 1)] = delays[gene]
    plastic[num_genes + 1] = plastic[gene]
    return num_nodes + 1, num_genes + 2


OPERATOR = Operator(insert_node, added_nodes=1, added_genes=2)
