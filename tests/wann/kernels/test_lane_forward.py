"""The lane kernels against the NumPy oracle, and the promise that a lane stands alone."""

import numpy as np
import pytest

from genomes import grown_genomes
from wann.activations import ELEMENTWISE
from wann.genome import make_genome
from wann.kernels import lane_forward as lane_kernels
from wann.network import Network, compile_genome
from wann.oracle import forward_lanes

# Away from the jump of `step`, float32 polynomials stay this close to float64.
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}


def run(network: Network, weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Outputs [L, O] of the kernel for weights [L] or [L, E] and inputs [L, I]."""
    first_row, num_lanes = 1 + network.num_inputs, len(inputs)
    values = np.zeros((first_row + len(network.activations), num_lanes), np.float32)
    values[0] = 1
    values[1:first_row] = inputs.T
    sums = np.empty((1, num_lanes), np.float32)
    program = (network.activations, network.fan_in, network.sources, (0, len(network.activations)), first_row, 0)
    if weights.ndim == 1:
        lane_kernels.forward_shared(*program, values, sums, weights.astype(np.float32)[None], num_lanes)
    else:
        live = np.ascontiguousarray(weights[:, network.connection_ids].T, np.float32)
        ones = np.ones((1, num_lanes), np.float32)
        lane_kernels.forward_individual(*program, values, sums, live, ones, num_lanes, lane_kernels.FUSED)
    return values[-network.num_outputs :].T


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation_agrees_with_the_oracle(name):
    genome = make_genome(1, 1, [1, 1, 1, ELEMENTWISE[name].code], [1, 3], [3, 2], [True, True])
    x = np.concatenate([np.linspace(-12, 12, 4001), np.linspace(-1e-2, 1e-2, 401)])
    if name == "step":
        x = x[np.abs(x) > 1e-5]
    network = compile_genome(genome)
    weights = np.ones(len(x))
    inputs = x.astype(np.float32)[:, None]
    np.testing.assert_allclose(run(network, weights, inputs), forward_lanes(network, weights, inputs), **TOLERANCE)


def activated(name: str, x: np.ndarray, fused: bool) -> np.ndarray:
    values = np.empty((1, len(x)), np.float32)
    lane_kernels.activate(ELEMENTWISE[name].code, x[None], 0, values, 0, np.ones_like(values), 0, len(x), fused)
    return values[0]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation_is_close_in_float32_units(name, fused):
    """Not only absolutely close: small arguments keep their relative precision."""
    x = np.geomspace(1e-4, 3, 500).astype(np.float32)
    exact = ELEMENTWISE[name].function(x.astype(np.float64))
    significant = np.abs(exact) > 0.1 if name in ("sin", "cos") else np.ones(len(x), bool)
    np.testing.assert_allclose(activated(name, x, fused)[significant], exact[significant], rtol=1e-5)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_extreme_arguments_stay_defined(name, fused):
    x = np.array([0, -0.0, 1e-30, 1e10, -1e10, 3e38, -3e38], np.float32)
    assert np.isfinite(activated(name, x, fused)).all()


@pytest.mark.parametrize("individual", [False, True])
def test_random_networks_agree_with_the_oracle(individual):
    rng = np.random.default_rng(3)
    checked = 0
    for genome in grown_genomes(60, num_inputs=4, num_outputs=2, num_steps=40):
        network = compile_genome(genome)
        if ELEMENTWISE["step"].code in network.activations:
            continue  # a jump turns rounding into a difference; the activation has its own test
        inputs = rng.normal(size=(40, 4)).astype(np.float32)
        shape = (40, genome.num_enabled) if individual else 40
        weights = rng.uniform(-2, 2, shape).astype(np.float32)
        expected = forward_lanes(network, weights, inputs)
        scale = np.maximum(np.abs(expected), 1)
        # Errors grow along chains of sin(pi x); single precision forward in NumPy has the same order.
        rounding = np.abs(forward_lanes(network, weights, inputs, np.float32) - expected) / scale
        found = np.abs(run(network, weights, inputs) - expected) / scale
        assert found.max() <= max(1e-4, 50 * rounding.max())
        checked += 1
    assert checked >= 15


@pytest.mark.parametrize("individual", [False, True])
def test_a_lane_does_not_depend_on_its_position_or_company(individual):
    rng = np.random.default_rng(5)
    for genome in grown_genomes(20, seed=1, num_inputs=4, num_outputs=2, num_steps=40):
        network = compile_genome(genome)
        inputs = rng.normal(size=(67, 4)).astype(np.float32)
        weights = rng.uniform(-2, 2, (67, genome.num_enabled) if individual else 67).astype(np.float32)
        together = run(network, weights, inputs)
        order = rng.permutation(67)
        np.testing.assert_array_equal(run(network, weights[order], inputs[order]), together[order])
        for begin, end in ((0, 1), (3, 10), (50, 67)):
            np.testing.assert_array_equal(run(network, weights[begin:end], inputs[begin:end]), together[begin:end])


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", [name for name, entry in ELEMENTWISE.items() if entry.symmetry])
def test_symmetries_hold_to_the_last_bit(name, fused):
    x = np.r_[np.geomspace(1e-20, 1e20, 2001), np.linspace(0, 12, 2001)].astype(np.float32)
    sign = -1 if ELEMENTWISE[name].symmetry == "odd" else 1
    np.testing.assert_array_equal(activated(name, -x, fused), sign * activated(name, x, fused))
