"""Gates: which are open and how gradients pass, noise, and the genome that remains against the oracle."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from baselines.models.equal_path_gates import genome_of  # noqa: E402 - torch may be missing
from baselines.models.gate import Noise, chosen, opened, signed  # noqa: E402
from baselines.models.gates_any_weight import HIGH, LOW  # noqa: E402
from baselines.models.model import Problem  # noqa: E402
from baselines.registry import BASELINES  # noqa: E402
from baselines.training.by_gates import GateTrainer  # noqa: E402
from baselines.training.scoring import Score  # noqa: E402
from evolution.gradient.growth import levels_of  # noqa: E402
from trained import digits, trained  # noqa: E402
from wann.network import compile_genome  # noqa: E402
from wann.oracle import forward  # noqa: E402

LAYERED = ("gates", "gumbel_gates", "gates_any_weight")


def made(name: str, num_inputs: int = 20):
    return BASELINES[name].make(Problem(num_inputs, 4), torch.Generator().manual_seed(3))


def pictures(count: int = 50, num_inputs: int = 20):
    return torch.rand(count, num_inputs, generator=torch.Generator().manual_seed(1))


def noise(size: float) -> Noise:
    return Noise(torch.Generator().manual_seed(2), size)


def test_gates_are_rounded_and_gradients_are_those_of_probabilities():
    scores = torch.tensor([-2.0, -0.1, 0.1, 3.0], requires_grad=True)
    gates = opened(scores)
    assert gates.tolist() == [0, 0, 1, 1]
    gates.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    share = scores.detach().sigmoid()
    assert torch.allclose(scores.grad, torch.tensor([1.0, 2.0, 3.0, 4.0]) * share * (1 - share))


def test_gates_of_three_states_are_rounded_and_gradients_are_those_of_tanh():
    scores = torch.tensor([-2.0, -0.5, 0.5, 0.6], requires_grad=True)
    gates = signed(scores, torch.tensor(0.5))
    assert gates.tolist() == [-1, 0, 0, 1]
    gates.sum().backward()
    assert torch.allclose(scores.grad, 1 - scores.detach().tanh() ** 2)


def test_the_chosen_activation_is_that_of_the_largest_score():
    scores = torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, -1.0]], requires_grad=True)
    picked = chosen(scores)
    assert picked.tolist() == [[0, 1, 0], [1, 0, 0]]
    factors = torch.tensor([[1.0, 5.0, 2.0], [0.0, 1.0, 7.0]])
    (own,) = torch.autograd.grad((picked * factors).sum(), scores)
    (soft,) = torch.autograd.grad((scores.softmax(1) * factors).sum(), scores)
    assert torch.allclose(own, soft)


def test_noise_opens_a_gate_with_its_probability():
    scores = torch.tensor([-2.0, 0.0, 1.0]).repeat(10_000, 1)
    assert torch.allclose(opened(scores, noise(1)).mean(0), scores[0].sigmoid(), atol=0.02)
    assert torch.allclose(chosen(scores, noise(1)).mean(0), scores[0].softmax(0), atol=0.02)
    assert torch.equal(opened(scores, noise(1)), opened(scores, noise(1)))
    assert torch.equal(opened(scores, noise(0.01))[:, ::2], opened(scores)[:, ::2]), "little noise turns few gates"


@pytest.mark.parametrize("weight", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("name", LAYERED)
def test_the_genome_says_what_the_model_says(name, weight):
    model, inputs = made(name), pictures()
    network = compile_genome(model.genome())
    with torch.inference_mode():
        weights = model.at(weight)
        found = model.logits(inputs, weights) / weights[1]
    expected = forward(network, [weight], inputs.numpy())[0]
    assert np.allclose(found.numpy(), expected, rtol=1e-4, atol=1e-4) and np.ptp(expected) > 1
    assert network.num_connections == model.num_connections


def test_the_genome_of_equal_paths_says_the_same_at_every_weight():
    model, inputs = made("equal_path_gates"), pictures()
    genome = model.genome()
    levels_of(genome)  # raises where paths differ
    network = compile_genome(genome)
    with torch.inference_mode():
        weights = model.weights()
        found = (model.logits(inputs, weights) / weights[2]).numpy()
    for weight in (-1.5, 0.1, 1.0, 3.0):
        expected = forward(network, [weight], inputs.numpy())[0]
        assert np.allclose(found * weight**4, expected, rtol=1e-4, atol=1e-4 * weight**4)
    assert network.num_connections == model.num_connections


def test_a_feature_without_inputs_or_outputs_is_left_out():
    of_inputs = np.array([[0, 1, -1], [0, 0, 0], [1, 1, 0]])
    of_features = np.array([[1, 1, 0], [-1, 1, 0]])
    genome = genome_of(of_inputs, of_features)
    # Two relays, a feature, two relays: 2 + 2 + 2 + 2 connections.
    assert genome.num_hidden == 5 and genome.num_enabled == 8
    logits = forward(compile_genome(genome), [1.0], np.array([[0.25, 1.0]]))[0, 0]
    assert logits.tolist() == [0.75, -0.75]


def test_a_weight_is_drawn_for_each_batch():
    model, generator = made("gates_any_weight"), torch.Generator().manual_seed(0)
    drawn = np.array([model.draw_weight(generator) for _ in range(300)])
    assert drawn.min() >= LOW and drawn.max() <= HIGH
    middle = (LOW * HIGH) ** 0.5
    assert (drawn < middle).mean() == pytest.approx(0.5, abs=0.1) and model.weights()[0] == 1
    assert made("gates").draw_weight(generator) == 1


@pytest.mark.parametrize("limit", [8, 30, 200, 1000])
@pytest.mark.parametrize("name", [*LAYERED, "equal_path_gates"])
def test_the_strongest_gates_are_kept(name, limit):
    model = made(name, num_inputs=300)
    strengths = torch.cat([part.flatten() for part in model.strengths()])
    model.keep_at_most(limit)
    is_open = strengths > model.threshold
    assert is_open.sum() == model.num_open() and strengths[is_open].min() > strengths[~is_open].max()
    assert model.num_live() == model.num_connections <= limit
    model._open(model.num_open() + 1)
    assert model.num_live() > limit or limit < 30, "with few gates one more may join nothing"


@pytest.mark.parametrize("name", [*LAYERED, "equal_path_gates"])
def test_a_few_calls_come_close_to_a_number_of_connections(name):
    model = made(name)
    wanted = model.num_live() // 2
    for _ in range(8):
        model.keep(wanted)
    assert model.num_live() == pytest.approx(wanted, rel=0.15)


@pytest.mark.parametrize("name", [*LAYERED, "equal_path_gates"])
def test_live_connections_are_those_of_the_genome(name):
    model = made(name)
    for share in (1, 0.3, 0.1, 0.02):
        model._open(round(share * model.num_open()))
        assert model.num_live() == model.num_connections


@pytest.mark.parametrize("name", ["gates", "equal_path_gates"])
def test_a_limit_of_connections_is_kept(name):
    parts = digits()
    model = trained(name, parts, 3, connections=300)
    assert 290 < model.num_connections <= 300 < trained(name, parts, 1).num_connections
    few = trained(name, parts, 2, connections=40)
    assert 20 < few.num_connections <= 40, "a limit far below what is open at first"


def test_a_limit_above_what_is_open_opens_nothing():
    parts = digits()
    free, limited = (trained("gates", parts, 1, connections=connections) for connections in (None, 10**6))
    assert limited.num_connections < 1.1 * free.num_connections


def test_epochs_count_once_connections_have_come_down():
    limited = GateTrainer(epochs=10, connections=300, falling=0.6)
    falling = [limited.merit(Score(99.0 - epoch, 0.5), epoch) for epoch in range(1, 7)]
    assert falling == sorted(falling) and falling[-1] < limited.merit(Score(1.0, 0.5), 7)
    assert limited.merit(Score(90.0, 0.5), 8) > limited.merit(Score(80.0, 0.1), 9)
    assert GateTrainer(epochs=10).merit(Score(90.0, 0.5), 3) == (90.0, -0.5)
