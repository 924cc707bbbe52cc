"""Networks with state by torch against the oracle and the kernels, step by step; on a GPU too where there is one."""

import numpy as np
import pytest

from device_memory import DEVICES
from networks import random_genome, with_memory
from wann.activations import ACTIVATIONS
from wann.kernels.state_forward import Buffers
from wann.kernels.wave_forward import wave_steps
from wann.network import Networks, compile_population
from wann.oracle import forward_episode, step_lanes
from wann.population import Population

torch = pytest.importorskip("torch")

from wann.torch.sequences import State, StateProgram, episode_outputs  # noqa: E402 - torch may be missing

WEIGHTS = np.array([-1.3, 0.4, 0.9])
SMOOTH = tuple(name for name in ACTIVATIONS if name != "step")


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    return request.param


def networks_of(count: int, seed: int, activations: tuple[str, ...] = SMOOTH) -> Networks:
    """With and without delays, plastic connections, totals and products, and with nodes that nothing feeds."""
    rng = np.random.default_rng(seed)
    genomes = [random_genome(3, 2, rng, 7, activations) for _ in range(count)]
    memory = [(0, 0.0), (6, 0.0), (5, 0.4), (0, 0.5)]
    return compile_population(
        Population.of([with_memory(genome, rng, *memory[p % 4]) for p, genome in enumerate(genomes)])
    )


def state_of(networks: Networks, states: list[np.ndarray], device: str, dtype: torch.dtype) -> State:
    """The states [S, L] of single networks as the program takes them, with L lanes as W x B."""
    parts = []
    for p, state in enumerate(states):
        memory, plastic = (np.diff(offsets)[p] for offsets in (networks.memory_offsets, networks.plastic_offsets))
        parts.append(np.split(state, [memory, memory + plastic]))
    shape = -1, len(WEIGHTS), states[0].shape[1] // len(WEIGHTS)
    joined = [np.concatenate(kind).reshape(shape) for kind in zip(*parts, strict=True)]
    return State(*(torch.as_tensor(part, dtype=dtype, device=device) for part in joined))


def parts_of(state: State) -> list[np.ndarray]:
    return [part.cpu().numpy() for part in (state.memory, state.strengths, state.totals)]


@pytest.mark.parametrize("individual", [False, True], ids=["shared", "individual"])
def test_steps_are_those_of_the_oracle(device, individual):
    """In float64, from common states."""
    networks, rng = networks_of(16, 1), np.random.default_rng(2)
    weights = [rng.uniform(-1, 1, (len(WEIGHTS), n.connection_ids.max() + 1)) for n in networks]
    table = np.concatenate([own[:, n.connection_ids].T for own, n in zip(weights, networks, strict=True)])
    setting = torch.as_tensor(table if individual else WEIGHTS, device=device)
    program = StateProgram(networks, device, individual)
    states = [np.zeros((network.num_state, len(WEIGHTS) * 4)) for network in networks]
    for _ in range(8):
        inputs = rng.normal(size=(4, 3))
        found, after = program.step(
            setting, torch.as_tensor(inputs, device=device), state_of(networks, states, device, torch.float64)
        )
        for p, network in enumerate(networks):
            lanes = np.repeat(weights[p] if individual else WEIGHTS, 4, axis=0)
            outputs, states[p] = step_lanes(network, lanes, np.tile(inputs, (len(WEIGHTS), 1)), states[p])
            np.testing.assert_allclose(found[p].reshape(-1, 2).cpu(), outputs, rtol=1e-9, atol=1e-9)
        expected = parts_of(state_of(networks, states, device, torch.float64))
        for mine, theirs in zip(parts_of(after), expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
        states = [np.clip(state, -10, 10) for state in states]


def test_steps_are_those_of_the_kernels(device):
    """In float32, from common states."""
    networks, rng = networks_of(16, 3), np.random.default_rng(4)
    program, lanes = StateProgram(networks, device), np.arange(len(WEIGHTS) * 4)
    states = [np.zeros((network.num_state, len(lanes)), np.float32) for network in networks]
    for _ in range(8):
        inputs = rng.normal(size=(4, 3)).astype(np.float32)
        found, _ = program.step(
            torch.as_tensor(WEIGHTS.astype(np.float32), device=device),
            torch.as_tensor(inputs, device=device),
            state_of(networks, states, device, torch.float32),
        )
        for p in range(len(networks)):
            one = networks.take([p])
            arrays = one.program_arrays(), one.state_arrays()
            kept, outputs = np.ascontiguousarray(states[p].T), np.empty((len(lanes), 2), np.float32)
            rows = np.zeros_like(lanes), np.repeat(np.arange(len(WEIGHTS)), 4), np.tile(inputs, (len(WEIGHTS), 1))
            table = WEIGHTS[None].astype(np.float32)
            buffers = Buffers.of(*arrays, 3, 1, False)
            wave_steps(*arrays, table, False, lanes, *rows[:2], rows[2].astype(np.float64), kept, buffers, outputs)
            scale = 1e-4 * max(1, float(np.abs(outputs).max()))
            np.testing.assert_allclose(found[p].reshape(-1, 2).cpu(), outputs, rtol=1e-3, atol=scale)
            states[p] = np.clip(kept.T, -10, 10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_episodes_of_every_activation(name, device):
    networks, rng = networks_of(6, 5, (name,)), np.random.default_rng(6)
    inputs = rng.normal(size=(3, 70, 3)).astype(np.float32)
    found = episode_outputs(networks, WEIGHTS, inputs, device)
    assert found.shape == (6, 3, 3, 70, 2) and found.dtype == np.float32
    for p, network in enumerate(networks):
        expected = forward_episode(network, WEIGHTS, inputs)
        close = np.isclose(found[p], expected, rtol=2e-3, atol=2e-3 * max(1, float(np.abs(expected).max())))
        assert close.mean() >= (0.9 if name == "step" else 1)


def test_neither_company_nor_memory_changes_a_bit(device):
    networks, inputs = networks_of(10, 7), np.random.default_rng(8).normal(size=(5, 90, 3)).astype(np.float32)
    whole = episode_outputs(networks, WEIGHTS, inputs, device)
    for budget in (1, 2_000_000):
        np.testing.assert_array_equal(episode_outputs(networks, WEIGHTS, inputs, device, budget), whole)
    some = episode_outputs(networks.take([7, 2]), WEIGHTS[[2]], inputs[:, 20:25], device)
    np.testing.assert_array_equal(some, whole[[7, 2]][:, [2]][:, :, :, 20:25])


def test_gradients_pass_through_time(device):
    """Of shared and of individual weights, against differences; a delayed loop and a plastic connection are in it."""
    networks = networks_of(4, 9, ("tanh", "sin", "accumulate", "product", "gaussian"))
    assert len(networks.plastic) and len(networks.copies)
    inputs = torch.as_tensor(np.random.default_rng(10).normal(size=(3, 1, 3)), device=device)
    shared = torch.tensor([0.6, -0.8], dtype=torch.float64, device=device, requires_grad=True)
    own = (0.5 * torch.ones(len(networks.sources), 1, dtype=torch.float64, device=device)).requires_grad_()
    for weights in (shared, own):
        program = StateProgram(networks, device, weights.ndim == 2)
        assert torch.autograd.gradcheck(lambda w, program=program: program.episode(w, inputs), weights, atol=1e-5)


def test_a_loss_of_the_last_step_reaches_the_weight_of_the_first(device):
    """One delay of three steps: the output is w times what was seen three steps ago."""
    from wann.genome import make_genome

    networks = compile_population(Population.of([make_genome(1, 1, [1, 1, 1], [1], [2], [True], [3])]))
    weight = torch.tensor([2.0], device=device, requires_grad=True)
    inputs = torch.tensor([5.0, 0, 0, 0], device=device)[:, None, None]
    outputs = StateProgram(networks, device).episode(weight, inputs)[0, 0, :, 0, 0]
    assert outputs.tolist() == [0, 0, 0, 10]
    outputs[-1].backward()
    assert weight.grad.tolist() == [5.0]
