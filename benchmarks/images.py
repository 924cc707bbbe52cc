"""Speed of classifying: networks a second on 1,000 images at the six published weights, on one core.

The yardstick follows the published code: NumPy, one network and weight at a time, node by node, each node the product
of all nodes' values with a dense column of weights. Pixels are random, a quarter of them not 0, as in MNIST.
"""

from __future__ import annotations

from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.evolved import load
from benchmarks.measuring import Figures, seconds_of
from configs.schema import PUBLISHED_WEIGHTS
from wann.activations import ACTIVATION_OF_CODE
from wann.batch import Batch, mean_losses
from wann.network import Network, Networks, compile_population
from wann.population import Population

IMAGES = 1000
POPULATION = 192
WEIGHTS = np.array(PUBLISHED_WEIGHTS)
SIZES = (192, 460, 1849)


def mnist_speed() -> Figures:
    """Losses of evolved classifiers, side by side with the yardstick."""
    rng = np.random.default_rng(0)
    pixels = (rng.random((256, IMAGES)) * (rng.random((256, IMAGES)) < 0.25)).astype(np.float32)
    batch = Batch(pixels, rng.integers(0, 10, IMAGES))
    for size in SIZES:
        evolved = compile_population(Population.of(load(f"mnist_conns{size}")))
        networks = evolved.take(np.arange(POPULATION) % len(evolved))
        yield f"mnist_hidden_nodes_conns{size}", float(np.diff(networks.node_offsets).mean()) - 10
        rates, ratios = zip(*(_side_by_side(networks, batch) for _ in range(7)), strict=True)
        yield f"mnist_nets_per_second_conns{size}", median(rates)
        yield f"mnist_ratio_to_numpy_conns{size}", median(ratios)


def _side_by_side(networks: Networks, batch: Batch) -> tuple[float, float]:
    """Networks a second, and how many times as many as the yardstick's."""
    seconds = min(seconds_of(lambda: mean_losses(networks, WEIGHTS, batch)) for _ in range(3)) / len(networks)
    return 1 / seconds, seconds_of(lambda: published_losses(networks[0], batch)) / seconds


def published_losses(network: Network, batch: Batch) -> NDArray[np.float64]:
    """[W] losses of one network as the published code computes them."""
    first_row = 1 + network.num_inputs
    rows = first_row + len(network.activations)
    connections = np.zeros((rows, rows))
    ends = np.cumsum(network.fan_in)
    for k, (end, fan_in) in enumerate(zip(ends, network.fan_in, strict=True)):
        connections[network.sources[end - fan_in : end], first_row + k] = 1
    return np.array([_published_loss(network, connections * weight, batch) for weight in WEIGHTS])


def _published_loss(network: Network, weights: NDArray[np.float64], batch: Batch) -> float:
    first_row = 1 + network.num_inputs
    values = np.zeros((len(batch), len(weights)))
    values[:, 0], values[:, 1:first_row] = 1, batch.inputs.T
    for row, code in enumerate(network.activations.tolist(), first_row):
        values[:, row] = ACTIVATION_OF_CODE[code].function(values @ weights[:, row])
    logits = values[:, -network.num_outputs :]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return float(-np.log(shares[np.arange(len(batch)), batch.labels] / shares.sum(axis=1)).mean())
