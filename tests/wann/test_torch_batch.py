"""The torch backend against the oracle and against the kernels, on the processor; on a GPU where there is one."""

import numpy as np
import pytest
from test_batch import WEIGHTS, batch_of, oracle

from networks import SMOOTH, random_networks, random_population
from wann import ACTIVATIONS, Networks, compile_genome, compile_population
from wann.batch import Batch, individual_scores, scores, shared_weight_logits, tempered_scores
from wann.genome import make_genome

torch = pytest.importorskip("torch")

from wann.torch_batch import FUNCTIONS, TorchBackend  # noqa: E402 - torch may be missing

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]
TOLERANCE = 2e-4


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    return request.param


def exact_batch(count: int) -> Batch:
    """Inputs as datasets give them: sums of them are exact."""
    batch = batch_of(count)
    return Batch(np.round(batch.inputs * 2**15).astype(np.float32) / np.float32(2**15), batch.labels)


def test_every_activation_is_there():
    assert set(FUNCTIONS) == {activation.code for activation in ACTIVATIONS.values()}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_agrees_with_the_oracle(name, device):
    pairs = [(1, 6), (2, 6), (2, 7), (3, 7), (6, 7), (7, 4), (7, 5), (6, 5), (3, 4)]
    codes = [1] * 6 + [ACTIVATIONS["tanh"].code, ACTIVATIONS[name].code]
    network = compile_genome(make_genome(3, 2, codes, *zip(*pairs, strict=True), [True] * len(pairs)))
    batch = batch_of(300, 3, 2)
    found = TorchBackend(device).logits(Networks.of([network]), WEIGHTS, batch)[0].transpose(0, 2, 1)
    np.testing.assert_allclose(found, oracle(network, WEIGHTS, batch)[0], atol=2e-5)


def test_scores_agree_with_the_kernels(device):
    networks = random_networks(12, 4, 30, np.random.default_rng(2), activations=SMOOTH)
    batch, backend = exact_batch(523), TorchBackend(device)
    for ours, theirs in ((backend.scores, scores), (backend.tempered_scores, tempered_scores)):
        found, expected = ours(networks, WEIGHTS, batch), theirs(networks, WEIGHTS, batch)
        np.testing.assert_allclose(found.losses, expected.losses, atol=TOLERANCE)
        np.testing.assert_allclose(found.accuracies, expected.accuracies, atol=2 / len(batch))


def test_networks_of_exact_activations_have_the_same_bits(device):
    """Sums are exact or in one order, so only activations may differ."""
    exact = ["linear", "inverse", "abs", "relu"]
    networks = random_networks(12, 4, 20, np.random.default_rng(3), activations=exact)
    batch, weights = exact_batch(300), WEIGHTS[:6]
    found = TorchBackend(device).logits(networks, weights, batch)
    assert found.tobytes() == shared_weight_logits(networks, weights, batch).tobytes()


def test_individual_weights_agree_with_the_kernels(device):
    population = random_population(12, 4, 8, np.random.default_rng(4), activations=SMOOTH)
    networks, batch = compile_population(population), exact_batch(300)
    rng = np.random.default_rng(5)
    weights = [rng.uniform(-1, 1, (len(network.sources), 3)).astype(np.float32) for network in networks]
    found = TorchBackend(device, memory_bytes=1).individual_scores(networks, weights, batch)
    expected = individual_scores(networks, weights, batch)
    np.testing.assert_allclose(found.losses, expected.losses, atol=TOLERANCE)


def test_the_memory_budget_changes_no_bit(device):
    networks = random_networks(12, 4, 40, np.random.default_rng(6), max_hidden=30)
    batch = exact_batch(300)
    whole = TorchBackend(device).scores(networks, WEIGHTS, batch)
    for budget in (1, 200_000, 1_000_000):
        found = TorchBackend(device, budget).scores(networks, WEIGHTS, batch)
        assert found.losses.tobytes() == whole.losses.tobytes()
        assert found.accuracies.tobytes() == whole.accuracies.tobytes()
    some = TorchBackend(device).scores(networks.take([7, 3]), WEIGHTS[[4, 1]], batch)
    np.testing.assert_array_equal(some.losses, whole.losses[[7, 3]][:, [4, 1]])


def test_out_of_memory_halves_the_chunk_and_goes_on(device, monkeypatch, caplog):
    """The allocator says no to large chunks: a real device cannot be filled in a test."""
    from wann import torch_batch

    networks = random_networks(12, 4, 16, np.random.default_rng(8))
    batch = exact_batch(100)
    expected = TorchBackend(device).scores(networks, WEIGHTS, batch)
    plain = torch_batch._Program.logits

    def scarce(program, weights, images):
        if len(program._networks) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(program, weights, images)

    monkeypatch.setattr(torch_batch._Program, "logits", scarce)
    found = TorchBackend(device, 2**20).scores(networks, WEIGHTS, batch)
    assert found.losses.tobytes() == expected.losses.tobytes()
    assert "out of memory" in caplog.text
    monkeypatch.setattr(
        torch_batch._Program, "logits", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("full"))
    )
    with pytest.raises(torch.OutOfMemoryError):
        TorchBackend(device).scores(networks, WEIGHTS, batch)
