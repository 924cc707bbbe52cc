"""The torch backend against the oracle and against the kernels, on the processor; on a GPU where there is one."""

import numpy as np
import pytest
from test_batch import WEIGHTS, batch_of, oracle

from device_memory import DEVICES, peak_bytes
from networks import SMOOTH, random_networks, random_population
from wann import Networks, compile_genome, compile_population
from wann.activations import ELEMENTWISE
from wann.batch import Batch, individual_scores, scores, shared_weight_logits, tempered_scores
from wann.genome import make_genome

torch = pytest.importorskip("torch")

from wann.torch.batch import TorchBackend  # noqa: E402 - torch may be missing
from wann.torch.program import FUNCTIONS  # noqa: E402

TOLERANCE = 2e-4


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    return request.param


def exact_batch(count: int) -> Batch:
    """Inputs as datasets give them: sums of them are exact."""
    batch = batch_of(count)
    return Batch(np.round(batch.inputs * 2**15).astype(np.float32) / np.float32(2**15), batch.labels)


def test_every_activation_is_there():
    assert set(FUNCTIONS) == {activation.code for activation in ELEMENTWISE.values()}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation_agrees_with_the_oracle(name, device):
    pairs = [(1, 6), (2, 6), (2, 7), (3, 7), (6, 7), (7, 4), (7, 5), (6, 5), (3, 4)]
    codes = [1] * 6 + [ELEMENTWISE["tanh"].code, ELEMENTWISE[name].code]
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
    networks = random_networks(12, 4, 16, np.random.default_rng(8))
    batch = exact_batch(100)
    expected = TorchBackend(device).scores(networks, WEIGHTS, batch)
    plain = TorchBackend._logits

    def scarce(backend, networks, *arguments):
        if len(networks) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(backend, networks, *arguments)

    monkeypatch.setattr(TorchBackend, "_logits", scarce)
    found = TorchBackend(device, 2**20).scores(networks, WEIGHTS, batch)
    assert found.losses.tobytes() == expected.losses.tobytes()
    assert "out of memory" in caplog.text
    monkeypatch.setattr(TorchBackend, "_logits", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("full")))
    with pytest.raises(torch.OutOfMemoryError):
        TorchBackend(device).scores(networks, WEIGHTS, batch)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("hidden", [4, 200])
def test_the_memory_budget_is_kept(name, hidden, device):
    """By networks of one wide level, which needs most room beside values, and by some that are little but logits."""
    pairs = [(1 + k % 12, 17 + k) for k in range(hidden)] + [(17 + k, 13 + k % 4) for k in range(hidden)]
    codes = [1] * 17 + [ELEMENTWISE[name].code] * hidden
    network = compile_genome(make_genome(12, 4, codes, *zip(*pairs, strict=True), [True] * len(pairs)))
    networks, budget = Networks.of([network] * 200), 2**24
    for count, weights in ((1000, WEIGHTS[:2]), (100, WEIGHTS[:1])):
        batch, backend = exact_batch(count), TorchBackend(device, budget)
        for score in (backend.scores, backend.tempered_scores):
            found = peak_bytes(
                device, lambda score=score, weights=weights, batch=batch: score(networks, weights, batch)
            )
            assert budget / 4 < found <= budget or count == 100


def test_what_a_caller_set_is_left_as_it_was(device):
    networks, batch = random_networks(12, 4, 3, np.random.default_rng(9)), exact_batch(100)
    expected = TorchBackend(device).scores(networks, WEIGHTS, batch)
    before = torch.get_float32_matmul_precision(), torch.get_num_threads()
    try:
        torch.set_float32_matmul_precision("medium")
        torch.set_num_threads(2)
        found = TorchBackend(device).scores(networks, WEIGHTS, batch)
        assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == ("medium", 2)
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.set_num_threads(before[1])
    assert found.losses.tobytes() == expected.losses.tobytes()
    assert not torch.is_inference_mode_enabled()
