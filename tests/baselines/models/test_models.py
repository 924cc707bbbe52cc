"""What the baselines are: their parameters, the weights they make, and a champion's topology against the oracle."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from baselines.models.mask import KEPT  # noqa: E402 - torch may be missing
from baselines.models.model import Problem, Start  # noqa: E402
from baselines.models.topology import Topology, best_start  # noqa: E402
from baselines.registry import BASELINES  # noqa: E402
from envs.images.datasets import DATASETS  # noqa: E402
from networks import random_networks  # noqa: E402
from trained import digits, digits_topology  # noqa: E402
from wann.activations import ELEMENTWISE  # noqa: E402
from wann.batch import Batch, tempered_scores  # noqa: E402
from wann.genome import make_genome  # noqa: E402
from wann.network import Networks, compile_genome  # noqa: E402
from wann.oracle import forward  # noqa: E402

# Connections of dense layers, and six activations for each hidden node.
GATES = 257 * 128 + 385 * 64 + 449 * 10 + 6 * 192
# Baseline: side of the pictures, trained parameters, those that generate weights, connections.
SIZES = {
    "linear": (28, 784 * 10 + 10, None, 7850),
    "mlp": (16, 256 * 100 + 100 + 100 * 10 + 10, None, 26_710),
    "cnn": (28, 21_210, None, None),
    "hypernetwork": (28, 12_910, 4_244, None),
    "coordinate_hypernetwork": (28, 801 + 256 + 2_570, 801, 784 * 256 + 256 + 2_570),
    "mask": (16, 257 * 256 + 257 * 10, None, 19_738 + 771),
    "gates": (16, GATES + 1, None, 6_335),
    "gates_any_weight": (16, GATES + 3, None, 6_335),
    "gumbel_gates": (16, GATES + 1, None, 6_335),
    "equal_path_gates": (16, 257 * 256 + 10 * 256 + 1, None, 11_173),
    "invertible": (8, 100_106, None, None),
    "champion": (8, 40 * 12 + 10 * 20 + 1, None, 680),
    "champion_cma_es": (8, 40 * 12 + 10 * 20 + 1, None, 680),
}


def made(name: str, side: int, seed: int = 0):
    start = digits_topology() if BASELINES[name].takes_champion else None
    return BASELINES[name].make(Problem(side**2, 10, start), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", BASELINES)
def test_parameters_are_counted_exactly(name):
    side, parameters, generator, connections = SIZES[name]
    model = made(name, side)
    assert model.num_parameters == sum(p.numel() for p in model.parameters() if p.requires_grad) == parameters
    assert model.num_generator_parameters == generator
    assert model.num_connections == connections


@pytest.mark.parametrize("name", BASELINES)
def test_every_parameter_has_a_gradient(name):
    model = made(name, SIZES[name][0])
    inputs = torch.rand(64, SIZES[name][0] ** 2, generator=torch.Generator().manual_seed(1))
    logits = model(inputs)
    assert logits.shape == (64, 10)
    torch.nn.functional.cross_entropy(logits, torch.arange(64) % 10).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


def test_first_weights_come_from_the_seed_alone():
    state = torch.random.get_rng_state()
    for name in BASELINES:
        if name == "linear" or BASELINES[name].takes_champion:  # those draw nothing
            continue
        same, again, other = (list(made(name, SIZES[name][0], seed).parameters()) for seed in (3, 3, 4))
        assert all(torch.equal(a, b) for a, b in zip(same, again, strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(same, other, strict=True))
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_generated_kernel_has_one_order_of_axes():
    model = made("hypernetwork", 28)
    kernel = model.weights()[0]
    code = model.z @ model.w2 + model.b2
    for from_, to in ((0, 0), (3, 11), (15, 2)):
        own = code[4 * from_ : 4 * from_ + 4] @ model.w1[:, 49 * to : 49 * to + 49] + model.b1[49 * to : 49 * to + 49]
        assert torch.allclose(kernel[to, from_].flatten(), own, atol=1e-6)


def test_a_generated_weight_depends_on_its_coordinates_alone():
    model = made("coordinate_hypernetwork", 28)
    layer = model.weights()[0]
    assert layer.shape == (256, 784) and len(layer.unique()) > 100_000
    hidden, pixel = (5, 9), (27, 13)
    values = torch.tensor([2 * 5 / 15 - 1, 2 * 9 / 15 - 1, 2 * 27 / 27 - 1, 2 * 13 / 27 - 1])
    for number, (matrix, bias) in enumerate(zip(model.matrices, model.biases, strict=True)):
        values = matrix @ (values if number == 0 else values.sin()) + bias
    own = layer[hidden[0] * 16 + hidden[1], pixel[0] * 28 + pixel[1]]
    assert own.item() == pytest.approx(0.03 * values.item(), abs=1e-6)


def test_a_mask_keeps_the_highest_scores_of_one_constant():
    model = made("mask", 16)
    for layer, scores in zip(model.weights(), model.scores, strict=True):
        kept = layer != 0
        assert kept.sum() == round(KEPT * scores.numel())
        assert scores[kept].min() >= scores[~kept].max()
        assert torch.equal(layer[kept].abs().unique(), torch.tensor([model.constant]))
        assert (layer[kept] > 0).float().mean().item() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("weight", [-1.5, 0.3, 1.0])
def test_a_topology_agrees_with_the_oracle(weight):
    rng = np.random.Generator(np.random.Philox(7))
    inputs = rng.random((50, 6)).astype(np.float32)
    seen = set()
    smooth = tuple(name for name in ELEMENTWISE if name != "step")
    for network in random_networks(6, 3, 30, rng, 12, smooth):
        seen |= set(network.activations.tolist())
        model = Topology(Problem(6, 3, Start(network, weight, 2.0)), torch.Generator())
        found = model(torch.from_numpy(inputs)).detach().numpy()
        assert np.allclose(found, 2 * forward(network, [weight], inputs)[0], atol=2e-4)
        own = rng.normal(0, 1, network.num_connections).astype(np.float32)
        model.connections.data = torch.from_numpy(own)
        by_gene = np.zeros((1, network.connection_ids.max() + 1))
        by_gene[0, network.connection_ids] = own
        found = model(torch.from_numpy(inputs)).detach().numpy()
        assert np.allclose(found, 2 * forward(network, by_gene, inputs)[0], atol=2e-4)
    assert seen == {ELEMENTWISE[name].code for name in smooth}


def test_a_topology_starts_from_its_best_shared_weight():
    start, training = digits_topology(), digits()["train"]
    batch = Batch(np.ascontiguousarray(training.inputs.T.numpy()), training.labels.numpy())
    weights = np.array([0.1, 0.5, 1.0, 1.5, 2.0, -0.5, -1.0, -1.5, -2.0])
    losses = tempered_scores(Networks.of([start.network]), weights, batch).losses[0]
    chosen = losses[weights.tolist().index(start.weight)]
    assert chosen <= losses.min() + 1e-5 < losses.max() - 1e-4 and start.logit_scale > 0
    with torch.inference_mode():
        logits = Topology(Problem(64, 10, start), torch.Generator())(training.inputs)
    # These random connections know almost nothing, so the factor is the least one, not the one that fits best.
    assert logits.std(1, correction=0).mean().item() == pytest.approx(1, abs=1e-3)


def test_a_topology_that_knows_something_starts_at_the_best_factor():
    """Each output is the mean brightness of its pixel: labels are the brightest of three."""
    network = compile_genome(make_genome(3, 3, [1] * 7, [1, 2, 3], [4, 5, 6], [True] * 3))
    inputs = np.random.Generator(np.random.Philox(4)).random((3, 500)).astype(np.float32)
    batch = Batch(inputs, inputs.argmax(axis=0))
    start = best_start(network, (1.0,), batch)
    least = tempered_scores(Networks.of([network]), np.array([start.weight]), batch).losses[0, 0]
    with torch.inference_mode():
        logits = Topology(Problem(3, 3, start), torch.Generator())(torch.from_numpy(inputs.T.copy()))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.labels)).item()
    assert start.weight > 0 and loss == pytest.approx(least, abs=1e-3) and loss < 0.5


def test_equal_starts_are_decided_for_weight_one():
    """A network of linear nodes says the same at every positive weight."""
    rng = np.random.Generator(np.random.Philox(2))
    network = random_networks(6, 3, 1, rng, 0, ("linear",))[0]
    batch = Batch(rng.random((6, 200)).astype(np.float32), rng.integers(0, 3, 200))
    assert abs(best_start(network, (7.0, 0.3), batch).weight) == 1


@pytest.mark.parametrize("name", BASELINES)
def test_sides_are_those_of_datasets(name):
    assert BASELINES[name].side in (None, *(dataset.shape[0] for dataset in DATASETS.values()))
