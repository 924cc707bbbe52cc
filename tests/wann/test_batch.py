"""Many networks on one batch of images, against the NumPy oracle; and the promise that a score stands alone."""

import numpy as np
import pytest

from networks import SMOOTH, random_networks, random_population
from wann import compile_population
from wann.activations import ELEMENTWISE
from wann.batch import Batch, individual_scores, mean_losses, scores, shared_weight_logits
from wann.genome import make_genome
from wann.network import Networks, compile_genome
from wann.oracle import forward

WEIGHTS = np.array([-2, -1, -0.5, 0.5, 1, 2, 0.3, -0.7, 1.5])  # more than are lanes at once, some without an opposite
# Of logits whose size is about 1; errors grow along chains of sin(pi x).
TOLERANCE = 2e-4


def batch_of(count: int, num_inputs: int = 12, num_classes: int = 4, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    return Batch(rng.random((num_inputs, count)).astype(np.float32), rng.integers(0, num_classes, count))


def oracle(network, weights, batch: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits [W, B, O], mean losses [W] and accuracies [W] in float64."""
    logits = forward(network, weights, batch.inputs.T)
    largest = logits.max(axis=2, keepdims=True)
    normaliser = np.log(np.exp(logits - largest).sum(axis=2)) + largest[..., 0]
    losses = normaliser - np.take_along_axis(logits, batch.labels[None, :, None], 2)[..., 0]
    return logits, losses.mean(axis=1), (logits.argmax(axis=2) == batch.labels).mean(axis=1)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("fed_by", ["one input", "inputs", "a node", "both"])
def test_every_activation_agrees_with_the_oracle(name, fed_by):
    """Each way in which a node may be fed has its own loop."""
    sources = {"one input": [1], "inputs": [0, 1, 2], "a node": [6], "both": [2, 3, 6]}[fed_by]
    pairs = [(1, 6), (2, 6), *((source, 7) for source in sources), (7, 4), (7, 5), (6, 5), (3, 4)]
    from_, to = zip(*pairs, strict=True)
    codes = [1] * 6 + [ELEMENTWISE["tanh"].code, ELEMENTWISE[name].code]
    network = compile_genome(make_genome(3, 2, codes, from_, to, [True] * len(pairs)))
    batch = batch_of(300, 3, 2)
    found = shared_weight_logits(Networks.of([network]), WEIGHTS, batch)[0].transpose(0, 2, 1)
    np.testing.assert_allclose(found, oracle(network, WEIGHTS, batch)[0], atol=2e-5)


def test_losses_and_accuracies_agree_with_the_oracle():
    networks = random_networks(12, 4, 30, np.random.default_rng(2), activations=SMOOTH)
    batch = batch_of(523)
    found = scores(networks, WEIGHTS, batch)
    for p, network in enumerate(networks):
        _, losses, accuracies = oracle(network, WEIGHTS, batch)
        np.testing.assert_allclose(found.losses[p], losses, atol=TOLERANCE)
        np.testing.assert_allclose(found.accuracies[p], accuracies, atol=2 / len(batch))  # logits that nearly tie


def test_individual_weights_agree_with_the_oracle():
    population = random_population(12, 4, 8, np.random.default_rng(4), activations=SMOOTH)
    networks, batch = compile_population(population), batch_of(300)
    rng = np.random.default_rng(5)
    weights = [rng.uniform(-1, 1, (3, count)) for count in population.num_enabled()]
    live = [own[:, network.connection_ids].T.astype(np.float32) for own, network in zip(weights, networks, strict=True)]
    found = individual_scores(networks, live, batch)
    for p, network in enumerate(networks):
        _, losses, accuracies = oracle(network, weights[p], batch)
        np.testing.assert_allclose(found.losses[p], losses, atol=TOLERANCE)
        np.testing.assert_allclose(found.accuracies[p], accuracies, atol=2 / len(batch))


def test_scales_are_factors_of_logits():
    networks, batch = random_networks(12, 4, 5, np.random.default_rng(6), activations=SMOOTH), batch_of(300)
    scales = np.array([0.3, 1, 4], np.float32)
    own = [np.ones((network.num_connections, 3), np.float32) for network in networks]
    found, unscaled = individual_scores(networks, own, batch, scales), individual_scores(networks, own, batch)
    for p, network in enumerate(networks):
        logits = oracle(network, np.ones(1), batch)[0][0] * scales[:, None, None]
        own_logits = np.take_along_axis(logits, batch.labels[None, :, None], 2)[..., 0]
        losses = (np.log(np.exp(logits).sum(axis=2)) - own_logits).mean(axis=1)
        np.testing.assert_allclose(found.losses[p], losses, atol=4 * TOLERANCE)
    assert found.losses[:, 1].tobytes() == unscaled.losses[:, 1].tobytes()
    np.testing.assert_allclose(found.accuracies, unscaled.accuracies, atol=2 / len(batch))


def test_an_individual_score_depends_on_nothing_else(monkeypatch):
    """Neither on other networks, nor on other settings, nor on the tile; and one weight for all is a shared weight."""
    rng = np.random.default_rng(9)
    networks, batch = random_networks(12, 4, 6, rng), batch_of(777)
    own = [rng.normal(0, 1, (network.num_connections, 5)).astype(np.float32) for network in networks]
    whole = individual_scores(networks, own, batch)
    for p, network in enumerate(networks):
        alone = individual_scores(Networks.of([network]), [own[p][:, 3:4]], batch)
        assert alone.losses[0, 0] == whole.losses[p, 3] and alone.accuracies[0, 0] == whole.accuracies[p, 3]
    monkeypatch.setattr("wann.batch._INDIVIDUAL_TILE", 128)
    assert individual_scores(networks, own, batch_of(777)).losses.tobytes() == whole.losses.tobytes()
    same = individual_scores(networks, [np.full_like(weights, 0.5) for weights in own], batch)
    shared = scores(networks, np.array([0.5]), batch)
    np.testing.assert_allclose(same.losses, np.repeat(shared.losses, 5, axis=1), atol=TOLERANCE)


def test_equal_logits_go_to_the_first_class():
    constant = compile_genome(make_genome(2, 3, [1] * 6, [0, 0, 0], [3, 4, 5], [True] * 3))
    batch = Batch(np.ones((2, 30), np.float32), np.arange(30) % 3)
    found = scores(Networks.of([constant]), np.array([1.0]), batch)
    assert found.accuracies[0, 0] == pytest.approx(1 / 3)
    assert found.losses[0, 0] == pytest.approx(np.log(3), abs=1e-6)


def test_large_logits_do_not_overflow():
    network = compile_genome(make_genome(1, 2, [1] * 4, [1], [2], [True]))
    batch = Batch(np.array([[1e4, 1e4]], np.float32), np.array([0, 1]))
    np.testing.assert_allclose(scores(Networks.of([network]), np.array([2.0]), batch).losses, [[1e4]])


def test_a_score_depends_on_nothing_else():
    """Neither on other networks, nor on other weights, nor on the tile that a larger network brings with it."""
    rng = np.random.default_rng(7)
    small = random_networks(12, 4, 9, rng)
    hidden = [17 + k for k in range(400)]
    pairs = [(k % 13, node) for k, node in enumerate(hidden)] + [(node, 13 + k % 4) for k, node in enumerate(hidden)]
    codes = [1] * 17 + [code % 10 + 1 for code in hidden]
    large = compile_genome(make_genome(12, 4, codes, *zip(*pairs, strict=True), [True] * len(pairs)))
    batch = batch_of(777)
    together = Networks.of([*small, large])
    whole = scores(together, WEIGHTS, batch)
    for p, network in enumerate(together):
        for w in (0, 3, 7):
            alone = scores(Networks.of([network]), WEIGHTS[[w]], batch)
            assert alone.losses[0, 0] == whole.losses[p, w]
            assert alone.accuracies[0, 0] == whole.accuracies[p, w]


def test_losses_alone_are_those_of_the_scores():
    networks, batch = random_networks(12, 4, 9, np.random.default_rng(8)), batch_of(300)
    assert mean_losses(networks, WEIGHTS, batch).tobytes() == scores(networks, WEIGHTS, batch).losses.tobytes()


def test_the_tile_does_not_matter(monkeypatch):
    networks = random_networks(12, 4, 9, np.random.default_rng(8))
    whole = scores(networks, WEIGHTS, batch_of(777))
    for tile in (128, 384):
        monkeypatch.setattr("wann.batch._TILES", ((2**31, tile),))
        found = scores(networks, WEIGHTS, batch_of(777))
        assert found.losses.tobytes() == whole.losses.tobytes()
        assert found.accuracies.tobytes() == whole.accuracies.tobytes()
