"""Gradients by torch against those of the kernels, on the processor; on a GPU where there is one."""

import numpy as np
import pytest
from test_gradients import batch_of as rough_batch_of

from device_memory import DEVICES, peak_bytes
from networks import random_genome
from wann import Genome
from wann.activations import ELEMENTWISE
from wann.batch import Batch
from wann.genome import make_genome
from wann.gradients import Gradients, Pairs, gradients

torch = pytest.importorskip("torch")

from wann.torch import gradients as torch_gradients  # noqa: E402 - torch may be missing
from wann.torch.program import SLOPES  # noqa: E402

INPUTS, CLASSES = 6, 3
WEIGHTS = np.array([-1.5, -0.5, 0.7, 1.3])
# Of g, and of h as a share of the largest.
TOLERANCE = 2e-5


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    return request.param


def batch_of(count: int = 2500) -> Batch:
    """Inputs as datasets give them: sums of them are exact. Two chunks, and a part of one that is no multiple of 64."""
    rough = rough_batch_of(count)
    return Batch(np.round(rough.inputs * 2**15).astype(np.float32) / np.float32(2**15), rough.labels)


def all_pairs(genome: Genome) -> list[Pairs]:
    nodes = np.arange(genome.num_nodes)
    return [(nodes, nodes[1 + INPUTS :])]


def assert_agree(found: Gradients, expected: Gradients) -> None:
    np.testing.assert_allclose(found.first, expected.first, rtol=1e-4, atol=TOLERANCE)
    np.testing.assert_allclose(found.second, expected.second, rtol=1e-4, atol=TOLERANCE * expected.second.max())
    assert found.steps == expected.steps and found.first.dtype == found.second.dtype == np.float32


def assert_same(found: Gradients, expected: Gradients) -> None:
    assert found.first.tobytes() == expected.first.tobytes() and found.second.tobytes() == expected.second.tobytes()


def test_every_slope_is_there():
    assert set(SLOPES) == {activation.code for activation in ELEMENTWISE.values()}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation_agrees_with_the_kernels(name, device):
    """Two of one kind in a row, one of them fed by a sum that is often 0."""
    inverse, code = ELEMENTWISE["inverse"].code, ELEMENTWISE[name].code
    pairs = [(1, 10), (2, 10), (1, 12), (12, 11), (1, 11), (3, 11), (10, 7), (11, 10), (11, 8), (4, 9), (10, 9)]
    codes = [1] * 10 + [code, code, inverse]
    genome = make_genome(INPUTS, CLASSES, codes, *zip(*pairs, strict=True), [True] * len(pairs))
    plain = batch_of()
    inputs = plain.inputs.copy()
    inputs[:, ::5] = 0
    batch = Batch(inputs, plain.labels)
    expected = gradients(genome, WEIGHTS, batch, all_pairs(genome))
    assert_agree(torch_gradients.gradients(genome, WEIGHTS, batch, all_pairs(genome), device), expected)
    assert (expected.first[1, 10] != 0) == (name != "step")


def test_random_genomes_agree_with_the_kernels(device):
    rng, batch = np.random.default_rng(1), batch_of()
    for _ in range(25):
        genome = random_genome(INPUTS, CLASSES, rng, max_hidden=30)
        expected = gradients(genome, WEIGHTS, batch, all_pairs(genome))
        assert_agree(torch_gradients.gradients(genome, WEIGHTS, batch, all_pairs(genome), device), expected)


def test_only_pairs_that_are_asked_for(device):
    rng, batch = np.random.default_rng(2), batch_of(1100)
    genome = random_genome(INPUTS, CLASSES, rng, max_hidden=12)
    pairs = [(np.array([0, 4]), np.array([9, 7])), (np.array([2]), np.array([8])), (np.zeros(0, int), np.array([8]))]
    found = torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device)
    assert_agree(found, gradients(genome, WEIGHTS, batch, pairs))
    assert set(zip(*np.nonzero(found.second), strict=True)) <= {(0, 9), (4, 9), (0, 7), (4, 7), (2, 8)}
    nothing = torch_gradients.gradients(genome, WEIGHTS, batch, [], device)
    assert not nothing.first.any() and nothing.steps == 1100 * len(WEIGHTS)


@pytest.mark.parametrize("count", [1, 700, 1024, 5000])
def test_the_memory_budget_changes_no_bit(count, device):
    rng, batch = np.random.default_rng(3), batch_of(count)
    genome = random_genome(INPUTS, CLASSES, rng, max_hidden=40)
    pairs = all_pairs(genome)
    whole = torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device)
    assert_agree(whole, gradients(genome, WEIGHTS, batch, pairs))
    for budget in (1, 2_000_000, 4_000_000):
        assert_same(torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device, budget), whole)


def test_the_memory_budget_is_kept(device):
    hidden = 300
    pairs = [(1 + k % INPUTS, 10 + k) for k in range(hidden)] + [(10 + k, 7 + k % 3) for k in range(hidden)]
    batch, budget = batch_of(20_000), 2**25
    for name in ELEMENTWISE:
        codes = [1] * 10 + [ELEMENTWISE[name].code] * hidden
        genome = make_genome(INPUTS, CLASSES, codes, *zip(*pairs, strict=True), [True] * len(pairs))
        found = peak_bytes(
            device,
            lambda genome=genome: torch_gradients.gradients(
                genome, WEIGHTS[:1], batch, all_pairs(genome), device, budget
            ),
        )
        assert budget / 2 < found <= budget


def test_out_of_memory_halves_the_images_and_goes_on(device, monkeypatch, caplog):
    """The allocator says no to many images: a real device cannot be filled in a test."""
    batch, genome = batch_of(5000), random_genome(INPUTS, CLASSES, np.random.default_rng(4), max_hidden=20)
    pairs = all_pairs(genome)
    expected = torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device)
    plain, most = torch_gradients._Passes._backward, 2500

    def scarce(passes, slopes, slope_of_loss):
        if slopes.shape[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(passes, slopes, slope_of_loss)

    monkeypatch.setattr(torch_gradients._Passes, "_backward", scarce)
    assert_same(torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device), expected)
    assert f"{device} is out of memory: going on with 2048 images at once" in caplog.text
    most = 500
    with pytest.raises(torch.OutOfMemoryError):
        torch_gradients.gradients(genome, WEIGHTS, batch, pairs, device)
