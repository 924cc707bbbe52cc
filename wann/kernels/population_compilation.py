"""Compilation of a whole population of packed genomes in one call (numba)."""

import numpy as np

from wann.kernels.compilation import compile_one
from wann.kernels.jit import jit, part
from wann.kernels.recurrent_compilation import compile_recurrent, is_recurrent


@jit
def compile_packed(
    num_inputs, num_outputs, activations, sources, targets, enabled, delays, plastic, node_offsets, gene_offsets
):
    """Compile all genomes of a population; see `wann.network.Networks` for the result's fields, in their order."""
    num_genomes = len(node_offsets) - 1
    most_memory, most_plastic = _most_memory(enabled, delays), np.count_nonzero(plastic)
    out = (
        np.empty(len(activations), np.int8),
        np.empty(len(activations), np.int32),
        np.empty(len(sources), np.int32),
        np.empty(len(sources), np.int32),
        np.empty((most_memory, 2), np.int32),
        np.empty(most_plastic, np.int32),
    )
    ends = np.zeros((4, num_genomes + 1), np.int64)  # of nodes, connections, copies and plastic connections
    hashes = np.empty(num_genomes, np.uint64)
    for p in range(num_genomes):
        nodes = slice(node_offsets[p], node_offsets[p + 1])
        genes = slice(gene_offsets[p], gene_offsets[p + 1])
        node, edge, memory, strength = ends[0, p], ends[1, p], ends[2, p], ends[3, p]
        genome = (activations[nodes], sources[genes], targets[genes], enabled[genes], delays[genes], plastic[genes])
        if is_recurrent(genome[3], genome[4], genome[5]):
            node, edge, memory, strength, hashes[p] = compile_recurrent(
                num_inputs, num_outputs, genome, out, node, edge, memory, strength
            )
        else:
            arrays = (out[0], out[1], out[2], out[3])
            used = genome[3].copy()  # writeable, as in `compile_recurrent`: one version to compile
            node, edge, hashes[p] = compile_one(
                num_inputs, num_outputs, genome[0], genome[1], genome[2], genome[3], used, arrays, node, edge
            )
        ends[0, p + 1], ends[1, p + 1], ends[2, p + 1], ends[3, p + 1] = node, edge, memory, strength
    num_nodes, num_edges, num_copies, num_plastic = ends[:, num_genomes]
    return (
        out[0][:num_nodes].copy(),
        out[1][:num_nodes].copy(),
        out[2][:num_edges].copy(),
        out[3][:num_edges].copy(),
        ends[0].copy(),
        ends[1].copy(),
        hashes,
        out[4][:num_copies].copy(),
        ends[2].copy(),
        out[5][:num_plastic].copy(),
        ends[3].copy(),
    )


@part
def _most_memory(enabled, delays):
    """Memory rows that a population needs at most: each delayed gene needs no more than its delay."""
    total = 0
    for c in range(len(delays)):
        if enabled[c]:
            total += delays[c]
    return total
