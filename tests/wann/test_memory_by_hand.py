"""Tasks of memory that can be solved exactly at every shared weight, as networks made by hand show."""

import numpy as np
import pytest

from by_hand import copier, dictionary, parity
from envs.sequences import scores
from envs.sequences.problems.associative_retrieval import AssociativeRetrieval
from envs.sequences.problems.copy_bits import Copy
from envs.sequences.problems.parity import Parity
from wann.network import compile_genome
from wann.oracle import forward_episode

WEIGHTS = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, -0.1, 0.1, 0.3, -1.37, 1.71]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parity_is_exact_at_every_weight(dtype):
    network = compile_genome(parity())
    assert network.num_connections == 8
    episodes = Parity().draw("test", 0, 4, 1000)
    outputs = forward_episode(network, WEIGHTS, episodes.inputs, dtype)
    assert (scores(outputs, episodes).exact == 1).all()


@pytest.mark.parametrize("delay", [0, 1, 1000])
def test_a_copy_of_8_bits_is_exact_at_every_weight_and_delay(delay):
    network = compile_genome(copier(8))
    assert network.num_connections == 6 * 8 + 11
    episodes = Copy(bits=8).draw("test", 3, 12, delay)
    outputs = forward_episode(network, WEIGHTS, episodes.inputs, np.float32)
    assert (scores(outputs, episodes).exact == 1).all()


@pytest.mark.parametrize("published", [False, True], ids=["pairs", "published"])
@pytest.mark.parametrize("num_pairs", [4, 20])
def test_retrieval_is_exact_at_every_weight(num_pairs, published):
    network = compile_genome(dictionary(26, 10, published))
    assert (network.num_hidden, len(network.plastic), network.num_connections) == (0, 260, 270)
    episodes = AssociativeRetrieval(keys=26, values=10, published=published, longest=20).draw("test", 1, 12, num_pairs)
    outputs = forward_episode(network, WEIGHTS, episodes.inputs, np.float32)
    assert (scores(outputs, episodes).exact == 1).all()
