"""Networks on whole vectors of lanes, without the task around them (numba)."""

from wann.kernels.jit import jit
from wann.kernels.vector_forward import forward_vectors


@jit
def run_calls(programs, calls, first_row, buffers):
    """Compute networks ``calls`` [n] of ``programs`` one after the other, all lanes of ``buffers`` at once."""
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    values, sums, scale = buffers.values, buffers.sums, buffers.scale
    for network in calls:
        nodes, edge = (node_offsets[network], node_offsets[network + 1]), edge_offsets[network]
        forward_vectors(activations, fan_in, sources, nodes, first_row, edge, values, sums, scale, values.shape[1])
