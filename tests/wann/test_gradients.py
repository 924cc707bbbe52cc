"""Gradients of possible connections against finite differences, and fitted temperatures against SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from networks import SMOOTH, random_population
from wann import compile_population
from wann.activations import ACTIVATION_OF_CODE, ELEMENTWISE
from wann.batch import Batch, scores, tempered_scores
from wann.genome import Genome, make_genome
from wann.gradients import gradients
from wann.kernels.compilation import by_target, topological
from wann.oracle import forward

INPUTS, CLASSES = 6, 3
WEIGHTS = np.array([-0.7, 0.5, 1.2])


def batch_of(count: int = 1500) -> Batch:
    rng = np.random.default_rng(0)
    return Batch(rng.random((INPUTS, count)).astype(np.float32), rng.integers(0, CLASSES, count))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Of logits [O, B], in float64."""
    shifted = logits - logits.max(axis=0)
    return float((np.log(np.exp(shifted).sum(axis=0)) - shifted[labels, np.arange(len(labels))]).mean())


def logits_with(genome: Genome, weight: float, batch: Batch, source: int, target: int, share: float) -> np.ndarray:
    """[O, B] in float64, with ``share`` of a connection more."""
    offsets, genes = by_target(genome.targets, genome.enabled, genome.num_nodes)
    values = np.zeros((genome.num_nodes, len(batch)))
    values[0], values[1 : 1 + INPUTS] = 1, batch.inputs
    for node in topological(genome.sources, offsets, genes, genome.num_nodes):
        if node > INPUTS:
            total = values[genome.sources[genes[offsets[node] : offsets[node + 1]]]].sum(axis=0)
            total += share * values[source] if node == target else 0
            values[node] = ACTIVATION_OF_CODE[int(genome.activations[node])].function(weight * total)
    return values[1 + INPUTS : genome.num_fixed]


def test_first_moments_are_finite_differences():
    smooth = [name for name in SMOOTH if name not in ("abs", "relu")]
    genome = random_population(INPUTS, CLASSES, 4, np.random.default_rng(1), 5, smooth)[3]
    assert genome.num_hidden >= 3
    batch, nodes = batch_of(), np.arange(genome.num_nodes)
    found = gradients(genome, WEIGHTS, batch, [(nodes, nodes[1 + INPUTS :])])
    offsets, genes = by_target(genome.targets, genome.enabled, genome.num_nodes)
    place = np.argsort(topological(genome.sources, offsets, genes, genome.num_nodes))
    checked = 0
    for target in nodes[1 + INPUTS :]:
        for source in nodes[place < place[target]]:
            if INPUTS < source < genome.num_fixed:
                continue
            expected = 0.0
            for weight in WEIGHTS:
                plain = logits_with(genome, weight, batch, source, target, 0)
                scale = fitted(plain, batch.labels)
                losses = [
                    cross_entropy(scale * logits_with(genome, weight, batch, source, target, share), batch.labels)
                    for share in (-1e-4, 1e-4)
                ]
                expected += (losses[1] - losses[0]) / 2e-4
            assert found.first[source, target] == pytest.approx(expected, rel=2e-3, abs=1e-4)
            checked += 1
    assert checked > 40


def fitted(logits: np.ndarray, labels: np.ndarray) -> float:
    """The scale of least cross-entropy, by SciPy."""
    found = minimize_scalar(
        lambda x: cross_entropy(np.exp(x) * logits, labels), bounds=(-12, 6), method="bounded", options={"xatol": 1e-9}
    )
    return float(np.exp(found.x))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_slopes_of_every_activation(name):
    """One node alone: g of an input into it is the loss's derivative, and h the mean square."""
    codes = [1, 1, 1, 1, 1, ELEMENTWISE[name].code]
    genome = make_genome(2, 2, codes, [1, 5, 2], [5, 3, 4], [True] * 3)
    rng = np.random.default_rng(3)
    inputs = rng.uniform(0.1, 1, (2, 400)).astype(np.float32)
    batch = Batch(inputs, (inputs[0] + rng.normal(size=400) / 3 > inputs[1]).astype(np.int64))
    found = gradients(genome, np.array([0.8]), batch, [(np.array([2]), np.array([5]))])
    activation = ACTIVATION_OF_CODE[codes[5]].function

    def logits(share: float) -> np.ndarray:
        x = batch.inputs.astype(np.float64)
        return 0.8 * np.stack([activation(0.8 * (x[0] + share * x[1])), x[1]])

    scale = fitted(logits(0), batch.labels)
    losses = [cross_entropy(scale * logits(share), batch.labels) for share in (-1e-5, 1e-5)]
    expected = (losses[1] - losses[0]) / 2e-5
    assert found.first[2, 5] == pytest.approx(expected, rel=2e-3, abs=3e-5)
    assert found.second[2, 5] >= found.first[2, 5] ** 2


def test_temperatures_are_the_best_ones():
    population = random_population(INPUTS, CLASSES, 12, np.random.default_rng(5), 5, SMOOTH)
    batch, networks = batch_of(), compile_population(population)
    found = tempered_scores(networks, WEIGHTS, batch)
    plain = scores(networks, WEIGHTS, batch)
    np.testing.assert_array_equal(found.accuracies, plain.accuracies)
    assert (found.losses <= plain.losses + 1e-6).all()
    for p, network in enumerate(networks):
        for w, logits in enumerate(forward(network, WEIGHTS, batch.inputs.T)):
            best = cross_entropy(fitted(logits.T, batch.labels) * logits.T, batch.labels)
            assert found.losses[p, w] == pytest.approx(best, abs=3e-5)


def test_tempered_scores_depend_on_nothing_else(monkeypatch):
    networks = compile_population(random_population(INPUTS, CLASSES, 9, np.random.default_rng(6)))
    batch = batch_of(300)
    whole = tempered_scores(networks, WEIGHTS, batch)
    monkeypatch.setattr("wann.batch._MOST_LOGITS", 1)
    assert tempered_scores(networks, WEIGHTS, batch).losses.tobytes() == whole.losses.tobytes()
    alone = tempered_scores(networks.take([4]), WEIGHTS[[1]], batch)
    assert alone.losses[0, 0] == whole.losses[4, 1]
