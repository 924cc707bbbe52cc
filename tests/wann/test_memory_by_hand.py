"""Networks made by hand that solve a task of memory exactly at every shared weight: such tasks can be solved."""

import numpy as np
import pytest

from wann.activations import ACTIVATIONS
from wann.genome import Genome, make_genome
from wann.network import compile_genome
from wann.oracle import forward_episode

WEIGHTS = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, -0.1, 0.1, 0.3, -1.37, 1.71]


def parity() -> Genome:
    """Two classes, even and odd numbers of -1 so far, from one input of +-1.

    The bit s is 1 if the number was odd: it becomes 1 where x + 2 s - 1 is not 0. The sum is made of terms times w, its
    absolute value passes a linear node, and so the step sees an even power of w. Equal outputs mean even.
    """
    even, odd, once, again, minus, apart, relay, bit = range(2, 10)
    del even  # has no connection: it is 0
    hidden = ["linear", "linear", "inverse", "abs", "linear", "step"]
    genes = [
        (1, once, 0),
        (bit, once, 1),
        (bit, again, 1),
        (0, minus, 0),
        (once, apart, 0),
        (again, apart, 0),
        (minus, apart, 0),
        (apart, relay, 0),
        (relay, bit, 0),
        (relay, odd, 0),
    ]
    codes = [1] * 4 + [ACTIVATIONS[name].code for name in hidden]
    sources, targets, delays = np.transpose(genes)
    return make_genome(1, 2, codes, sources, targets, np.ones(len(genes)), delays)


def dictionary(num_keys: int, num_values: int) -> Genome:
    """Values are heard at their outputs; a plastic connection from each key to each output keeps what was heard."""
    outputs = 1 + num_keys + num_values + np.arange(num_values)
    values = 1 + num_keys + np.arange(num_values)
    keys = np.repeat(1 + np.arange(num_keys), num_values)
    sources, targets = np.r_[values, keys], np.r_[outputs, np.tile(outputs, num_keys)]
    plastic = np.arange(len(sources)) >= num_values
    count = 1 + num_keys + 2 * num_values
    delays = np.zeros(len(sources))
    return make_genome(
        num_keys + num_values, num_values, [1] * count, sources, targets, np.ones(len(sources)), delays, plastic
    )


def classes(outputs: np.ndarray) -> np.ndarray:
    """The largest output, the first of those equal within 1e-6, [..., O] to [...]."""
    return (outputs >= outputs.max(axis=-1, keepdims=True) - 1e-6).argmax(axis=-1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parity_is_exact_at_every_weight(dtype):
    network = compile_genome(parity())
    assert network.num_connections == 10
    inputs = np.random.default_rng(0).choice([-1.0, 1.0], (1000, 4, 1))
    expected = (np.cumsum(inputs[:, :, 0] < 0, axis=0) % 2)[None]
    found = classes(forward_episode(network, WEIGHTS, inputs, dtype))
    assert (found == expected).all()


@pytest.mark.parametrize("num_pairs", [4, 20])
def test_retrieval_is_exact_at_every_weight(num_pairs):
    network = compile_genome(dictionary(26, 10))
    assert (network.num_hidden, len(network.plastic), network.num_connections) == (0, 260, 270)
    rng, episodes = np.random.default_rng(1), 12
    inputs = np.zeros((num_pairs + 1, episodes, 36))
    expected = np.zeros(episodes, int)
    for b in range(episodes):
        keys, values = rng.permutation(26)[:num_pairs], rng.integers(10, size=num_pairs)
        inputs[np.arange(num_pairs), b, keys] = 1
        inputs[np.arange(num_pairs), b, 26 + values] = 1
        asked = rng.integers(num_pairs)
        inputs[-1, b, keys[asked]], expected[b] = 1, values[asked]
    found = classes(forward_episode(network, WEIGHTS, inputs, np.float32)[:, -1])
    assert (found == expected).all()
