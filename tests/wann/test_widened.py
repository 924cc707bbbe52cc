"""Networks among more inputs than they read."""

import numpy as np

from envs.registry import make_task
from envs.testing.networks import random_genome, with_memory
from wann import compile_population
from wann.network import widened
from wann.oracle import forward_episode
from wann.population import Population


def test_a_network_among_more_inputs_computes_the_same():
    rng = np.random.default_rng(0)
    genomes = [with_memory(random_genome(3, 2, rng), rng) for _ in range(20)]
    networks = compile_population(Population.of(genomes))
    wide = widened(networks, (0, 2, 5), 7)
    inputs, weights = rng.normal(size=(9, 4, 7)), np.array([-0.7, 1.3])
    assert wide.num_inputs == 7 and len(wide.copies) > 20
    for one, other in zip(networks, wide, strict=True):
        expected = forward_episode(one, weights, inputs[:, :, [0, 2, 5]])
        np.testing.assert_array_equal(forward_episode(other, weights, inputs), expected)
    assert widened(networks, (0, 1, 2), 3) is networks


def test_a_pole_without_velocities_shows_position_and_angle():
    task = make_task("cartpole_swingup", {"velocities": False})
    assert task.input_names == ("cart position", "cos pole angle", "sin pole angle")
    assert task.inputs_of(np.arange(10.0).reshape(2, 5)).tolist() == [[0, 2, 3], [5, 7, 8]]
    assert task.reported == task and not task.reported.velocities
