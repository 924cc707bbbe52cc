"""Genomes that owe nothing to any parent: what a search begins with, and what it starts anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome import layered_genome, minimal_genome
from wann.population import Population


def newborns(
    rng: np.random.Generator,
    count: int,
    shape: tuple[int, int],
    connectivity: float,
    num_hidden: int,
    palette: NDArray[np.int8],
) -> Population:
    """``count`` genomes of ``shape`` (inputs, outputs), each connection enabled with chance ``connectivity``.

    Without hidden nodes, as published, every connection leads from the bias or an input to an output. With them, all
    lead through a hidden node of a random activation of ``palette``: where those activations are odd functions, the
    network does the same at the shared weights w and -w.
    """
    template = layered_genome(*shape, num_hidden) if num_hidden else minimal_genome(*shape)
    copies = Population.of([template]).take(np.zeros(count, np.int64))
    enabled = rng.random((count, len(template.sources))) < connectivity
    activations = copies.activations.reshape(count, template.num_nodes).copy()
    activations[:, template.num_fixed :] = palette[rng.integers(len(palette), size=(count, num_hidden))]
    return Population(
        *shape,
        activations.ravel(),
        copies.sources,
        copies.targets,
        enabled.ravel(),
        copies.node_offsets,
        copies.connection_offsets,
    )
