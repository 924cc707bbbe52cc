"""Loops over vectors of lanes: the same bits as the loops of any length."""

import numba
import numpy as np
import pytest

from genomes import grown_genomes
from wann.activations import ELEMENTWISE
from wann.genome import make_genome
from wann.kernels.jit import elementwise_of
from wann.kernels.lane_forward import forward_shared
from wann.kernels.vector_forward import forward_vectors
from wann.kernels.vector_loops import WIDTH, aligned, on_vectors
from wann.network import Network, compile_genome

LANES = 3 * WIDTH


def both(network: Network) -> list[np.ndarray]:
    """All values [rows, L] of the two kernels, for the same random inputs and weights."""
    rng = np.random.default_rng(0)
    first_row = 1 + network.num_inputs
    inputs = rng.normal(size=(network.num_inputs, LANES)) * np.logspace(-3, 2, LANES)
    weights = rng.uniform(-2, 2, (1, LANES)).astype(np.float32)
    program = (network.activations, network.fan_in, network.sources, (0, len(network.activations)), first_row, 0)
    found = []
    for forward in (forward_shared, forward_vectors):
        values = aligned(first_row + len(network.activations), LANES)
        values[0], values[1:first_row] = 1, inputs
        forward(*program, values, np.empty((1, LANES), np.float32), weights, LANES)
        found.append(values)
    return found


def assert_same_bits(found, expected):
    """Zeros with different signs are not the same."""
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


def test_networks_have_the_same_bits():
    for genome in grown_genomes(40):
        one, two = both(compile_genome(genome))
        assert_same_bits(two, one)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation_has_the_same_bits(name):
    genome = make_genome(1, 1, [1, 1, 1, ELEMENTWISE[name].code], [1, 3], [3, 2], [True, True])
    one, two = both(compile_genome(genome))
    assert_same_bits(two, one)
    assert len(np.unique(two[-1])) > 1


@pytest.mark.parametrize("count", range(13))
def test_sums_of_any_number_of_sources_have_the_same_bits(count):
    genome = make_genome(12, 1, [1] * 14, np.arange(count), np.full(count, 13), np.ones(count, bool))
    one, two = both(compile_genome(genome))
    assert_same_bits(two, one)


_exchange = on_vectors(elementwise_of(lambda a, b: (b, a + a)), 2)


@numba.njit
def exchange(array, row, other, num_lanes):
    _exchange(num_lanes, ((array, row), (other, 0)), ((array, row), (other, 0)))


def test_a_row_may_be_read_and_written_and_lanes_beyond_the_last_are_left():
    array = np.arange(3 * LANES, dtype=np.float32).reshape(3, LANES)
    other = np.full((1, LANES), -1, np.float32)
    before = array.copy()
    exchange(array, np.int32(1), other, 2 * WIDTH)
    expected = before.copy()
    expected[1, : 2 * WIDTH] = -1
    np.testing.assert_array_equal(array, expected)
    np.testing.assert_array_equal(other[0], [*2 * before[1, : 2 * WIDTH], *[-1] * WIDTH])
    exchange(array, np.int32(1), other, 0)
    np.testing.assert_array_equal(array, expected)


def test_one_pass_takes_whole_vectors():
    """A loop over lanes in scalars would be right, and a tenth as fast."""
    assembly = next(iter(exchange.inspect_asm().values()), "")
    assert "addps" in assembly and "addss" not in assembly


def test_a_function_of_other_numbers_is_refused():
    wrong = on_vectors(elementwise_of(lambda a: (a, 1.0)), 2)

    @numba.njit
    def run(array):
        wrong(WIDTH, ((array, 0),), ((array, 0), (array, 0)))

    with pytest.raises(numba.TypingError):
        run(aligned(1, WIDTH))


@pytest.mark.parametrize("rows", [1, 5])
def test_rows_begin_where_vectors_do(rows):
    array = aligned(rows, 2 * WIDTH)
    assert array.shape == (rows, 2 * WIDTH) and not array.any()
    assert all(array[row].ctypes.data % 64 == 0 for row in range(rows))
