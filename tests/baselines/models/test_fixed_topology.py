"""Fully connected genomes: their counts, and that they compute what matrices compute."""

from itertools import pairwise

import numpy as np
import pytest

from baselines.comparison.published_figures import FIXED_SHAPES
from baselines.models.fixed_topology import fully_connected
from envs.registry import make_task
from wann.network import compile_genome
from wann.oracle import forward

# Weights of the published shapes; that of the walker is published.
WEIGHTS = {"cartpole_swingup": 71, "bipedal_walker": 2804, "car_racing": 803}


@pytest.mark.parametrize("name", FIXED_SHAPES)
def test_published_shapes_have_their_weights(name):
    genome = fully_connected(FIXED_SHAPES[name])
    assert genome.num_enabled == WEIGHTS[name] == compile_genome(genome).num_connections
    pytest.importorskip("gymnasium" if name == "cartpole_swingup" else "Box2D")
    task = make_task(name, {})
    assert (genome.num_inputs, genome.num_outputs) == (task.num_inputs, task.num_outputs)


@pytest.mark.parametrize("layers", [(5, 10, 1), (3, 4, 5, 2), (2, 3), (1, 1, 1, 1)])
def test_it_computes_what_matrices_compute(layers):
    rng = np.random.Generator(np.random.Philox(4))
    genome = fully_connected(layers)
    weights, inputs = rng.normal(0, 1, genome.num_enabled), rng.normal(0, 1, (7, layers[0]))
    values, rest = inputs, weights
    for number, (before, after) in enumerate(pairwise(layers)):
        own, rest = rest[: (before + 1) * after].reshape(after, before + 1), rest[(before + 1) * after :]
        values = own[:, 0] + values @ own[:, 1:].T
        values = np.tanh(values) if number < len(layers) - 2 else values
    assert not len(rest)
    assert np.allclose(forward(compile_genome(genome), weights[None], inputs)[0], values)


@pytest.mark.parametrize("layers", [(3,), (3, 0, 1), ()])
def test_impossible_layers_are_refused(layers):
    with pytest.raises(ValueError, match="expected at least two layers"):
        fully_connected(layers)
