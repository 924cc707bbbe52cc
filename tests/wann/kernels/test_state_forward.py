"""Kernels of networks with state against the oracle, step by step from a common state."""

import numpy as np
import pytest

from envs.cartpole.task import CartPoleSwingUp
from envs.task import weight_table
from networks import random_genome, with_memory
from wann.activations import ACTIVATIONS, ELEMENTWISE
from wann.kernels.state_forward import Buffers
from wann.kernels.wave_forward import wave_outputs, wave_steps
from wann.network import Network, Networks, compile_genome, compile_population
from wann.oracle import step_lanes
from wann.population import Population

SMOOTH = tuple(name for name in ACTIVATIONS if name != "step")
LANES = 16


def population_of(count: int, seed: int, activations: tuple[str, ...] = SMOOTH, **memory: float) -> Population:
    rng = np.random.default_rng(seed)
    genomes = [random_genome(5, 1, rng, 8, activations) for _ in range(count)]
    return Population.of([with_memory(genome, rng, **memory) for genome in genomes])


def stepped(network: Network, table: np.ndarray, individual: bool, inputs: np.ndarray, state: np.ndarray) -> tuple:
    """Outputs and the state after one step of the kernel, lane l at weight setting l, from a state [S, L]."""
    networks, lanes = Networks.of([network]), np.arange(len(inputs))
    after = np.ascontiguousarray(state.T, np.float32)
    outputs = np.empty((len(inputs), network.num_outputs), np.float32)
    arrays = networks.program_arrays(), networks.state_arrays()
    buffers = Buffers.of(*arrays, inputs.shape[1], 1, individual)
    wave_steps(*arrays, table, individual, lanes, np.zeros_like(lanes), lanes, inputs, after, buffers, outputs)
    return outputs, after.T


@pytest.mark.parametrize("individual", [False, True], ids=["shared", "individual"])
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_kernels_follow_the_oracle_step_by_step(share: float, individual: bool) -> None:
    rng = np.random.default_rng(2)
    population = population_of(25, 1, plastic_share=share)
    for genome in population:
        network = compile_genome(genome)
        weights = rng.uniform(-1.5, 1.5, (LANES, genome.num_enabled) if individual else LANES)
        table, _ = weight_table(Networks.of([network]), [weights] if individual else weights)
        state = np.zeros((network.num_state, LANES))
        for _ in range(12):
            inputs = rng.normal(size=(LANES, 5))
            expected, after = step_lanes(network, weights, inputs, state)
            found, kept = stepped(network, table, individual, inputs, state)
            scale = 1e-4 * max(1, float(np.abs(after).max(initial=0)), float(np.abs(expected).max()))
            np.testing.assert_allclose(found, expected, rtol=2e-3, atol=scale)
            np.testing.assert_allclose(kept, after, rtol=2e-3, atol=scale)
            state = np.clip(after, -10, 10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_memory(name: str) -> None:
    """One hidden node that feeds itself and is heard through a plastic connection."""
    population = Population.of([with_memory(random_genome(5, 1, np.random.default_rng(s), 5, (name,)),
                                            np.random.default_rng(s), 8, 0.3) for s in range(6)])  # fmt: skip
    for network in compile_population(population):
        state, weights = np.zeros((network.num_state, LANES)), np.linspace(-1.2, 1.2, LANES)
        table, _ = weight_table(Networks.of([network]), weights)
        rng = np.random.default_rng(0)
        for _ in range(6):
            inputs = rng.normal(size=(LANES, 5))
            # A step whose argument is within rounding of its threshold may open in one and not in the other.
            expected, after = step_lanes(network, weights, inputs, state)
            found, kept = stepped(network, table, False, inputs, state)
            close = np.isclose(found, expected, rtol=1e-3, atol=1e-3).all(axis=1)
            close &= np.isclose(kept, after, rtol=1e-3, atol=1e-3).all(axis=0)
            assert close.mean() >= (0.9 if name == "step" else 1)
            state = np.clip(after, -10, 10)


def test_networks_without_state_have_the_bits_of_the_feed_forward_kernel() -> None:
    networks = compile_population(Population.of([random_genome(5, 1, np.random.default_rng(s), 8, tuple(ELEMENTWISE))
                                                 for s in range(20)]))  # fmt: skip
    assert networks.is_plain
    rows, lanes = np.arange(20), np.arange(20)
    inputs, weights = np.random.default_rng(0).normal(size=(20, 5)), np.array([[0.7]], np.float32)
    plain, found = np.empty((2, 20, 1), np.float32)
    wave_outputs(networks.program_arrays(), weights, False, rows, np.zeros(20, np.int64), inputs, plain)
    state = np.zeros((20, 0), np.float32)
    arrays = networks.program_arrays(), networks.state_arrays()
    buffers = Buffers.of(*arrays, 5, 1, False)
    wave_steps(*arrays, weights, False, lanes, rows, np.zeros(20, np.int64), inputs, state, buffers, found)
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("individual", [False, True], ids=["shared", "individual"])
def test_cart_poles_have_a_memory_for_each_episode(individual: bool) -> None:
    """Short episodes agree with the oracle; so do long ones of all but the networks that amplify rounding."""
    population = population_of(12, 3, ("linear", "tanh", "sin", "accumulate", "product"))
    networks, rng = compile_population(population), np.random.default_rng(4)
    weights = np.array([-0.8, 0.5, 1.1])
    if individual:
        weights = [rng.uniform(-1, 1, (3, genome.num_enabled)) for genome in population]
    task, seeds = CartPoleSwingUp(max_steps=25), np.arange(30)
    found = task.evaluate(networks, weights, seeds)
    assert not networks.is_plain
    for p, network in enumerate(networks):
        expected = task.evaluate_oracle(network, weights[p] if individual else weights, seeds)
        np.testing.assert_allclose(found.values[p], expected.values[0], atol=2e-3)


def test_an_episode_does_not_depend_on_its_company() -> None:
    networks = compile_population(population_of(6, 5, plastic_share=0.3))
    task, weights = CartPoleSwingUp(), np.array([-1.0, 0.4, 1.5])
    whole = task.evaluate(networks, weights, np.arange(40))
    assert (whole.steps < 1000).any(), "some lanes leave early"
    for p in range(len(networks)):
        for part in (slice(3, 4), slice(20, 40)):
            found = task.evaluate(networks.take([p]), weights[1:2], np.arange(40)[part])
            np.testing.assert_array_equal(found.values[0, 0], whole.values[p, 1, part])
            np.testing.assert_array_equal(found.steps[0, 0], whole.steps[p, 1, part])
