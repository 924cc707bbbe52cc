"""Networks with a fixed topology: fully connected layers of tanh, as ordinary genomes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, Genome, make_genome


def fully_connected(layers: Sequence[int]) -> Genome:
    """Every node feeds every node of the next layer, and the bias all of them.

    Args:
        layers: nodes of each layer, inputs first and outputs last. Hidden nodes are tanh, outputs linear, as in every
            genome: tasks bound what they take.

    Returns:
        A genome of sum((m + 1) * n) connections over neighbouring layers of m and n nodes, each node's one behind the
        other, the bias first.
    """
    if len(layers) < 2 or min(layers) < 1:
        raise ValueError(f"expected at least two layers of at least one node, found {list(layers)}")
    inputs, *hidden, outputs = layers
    first_hidden = 1 + inputs + outputs
    starts = [1, *(first_hidden + np.cumsum([0, *hidden]))[: len(hidden)].tolist(), 1 + inputs]
    nodes = [np.arange(start, start + count) for start, count in zip(starts, layers, strict=True)]
    edges = [
        (source, target)
        for before, after in pairwise(nodes)
        for target in after.tolist()
        for source in (0, *before.tolist())
    ]
    activations = [LINEAR] * first_hidden + [ACTIVATIONS["tanh"].code] * sum(hidden)
    sources, targets = np.array(edges).T
    return make_genome(inputs, outputs, activations, sources, targets, np.ones(len(edges), bool))
