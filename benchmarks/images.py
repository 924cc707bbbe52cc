"""Speed of classifying: networks a second on 1,000 images at the six published weights, on one core.

By the kernels, and by torch (`wann.torch.batch`) on the same core; what torch takes of memory there under a budget; and
its speed on a GPU where there is one. The yardstick follows the published code: NumPy, one network and weight at a
time, node by node, each node the product of all nodes' values with a dense column of weights. Pixels are random, a
quarter of them not 0, as in MNIST.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.evolved import load
from benchmarks.measuring import Figures, added_megabytes, seconds_of
from configs import load_config
from configs.schema import PUBLISHED_WEIGHTS
from evolution.registry import make_search
from wann.activations import ACTIVATION_OF_CODE
from wann.batch import Batch, mean_losses
from wann.network import Network, Networks, compile_population
from wann.population import Population

if TYPE_CHECKING:
    from wann.torch.batch import TorchBackend

ROOT = Path(__file__).resolve().parent.parent
IMAGES = 1000
TORCH_POPULATION = 24
WEIGHTS = np.array(PUBLISHED_WEIGHTS)
SIZES = (192, 460, 1849)
GPU_POPULATION = 960
TORCH_BUDGETS = (1024, 4096)  # megabytes


def mnist_speed() -> Figures:
    """Losses of evolved classifiers, side by side with the yardstick: each by itself, and a generation of a search."""
    batch = random_batch()
    for size in SIZES:
        evolved = compile_population(Population.of(load(f"mnist_conns{size}")))
        yield f"mnist_hidden_nodes_conns{size}", float(np.diff(evolved.node_offsets).mean()) - 10
        rates, ratios = zip(*(_side_by_side(evolved, batch, _seconds_apart) for _ in range(7)), strict=True)
        yield f"mnist_nets_per_second_conns{size}", median(rates)
        yield f"mnist_ratio_to_numpy_conns{size}", median(ratios)
        generation = bred(size)
        rates, ratios = zip(*(_side_by_side(generation, batch, _seconds) for _ in range(7)), strict=True)
        yield f"mnist_generation_nets_per_second_conns{size}", median(rates)
        yield f"mnist_generation_ratio_to_numpy_conns{size}", median(ratios)


def mnist_torch_speed() -> Figures:
    """The same by torch on a processor, beside the kernels; on a GPU a whole generation at once."""
    import torch

    from wann.torch.batch import TorchBackend

    batch, backend = random_batch(), TorchBackend("cpu")
    for size in SIZES:
        evolved, few = classifiers(size, 8), classifiers(size, TORCH_POPULATION)
        seconds = [(_seconds_apart(evolved, batch), _seconds_by(backend, few, batch)) for _ in range(5)]
        yield f"mnist_torch_cpu_nets_per_second_conns{size}", median(1 / by_torch for _, by_torch in seconds)
        yield f"mnist_kernels_ratio_to_torch_cpu_conns{size}", median(b / a for a, b in seconds)
    for size in SIZES if torch.cuda.is_available() else ():
        networks, on_gpu = classifiers(size, GPU_POPULATION), TorchBackend("cuda")
        _seconds_by(on_gpu, networks, batch)  # a library's first call sets it up
        generations = [_seconds_by(on_gpu, networks, batch) * len(networks) for _ in range(5)]
        yield f"mnist_gpu_ms_per_generation_conns{size}", 1000 * median(generations)


def mnist_torch_memory() -> Figures:
    """Memory and seconds of 960 large networks on a processor under each budget; see `print_torch_memory`."""
    for budget in TORCH_BUDGETS:
        script = f"from benchmarks.images import print_torch_memory; print_torch_memory({budget})"
        answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        megabytes, seconds = map(float, answer.stdout.split())
        yield f"mnist_torch_megabytes_budget_{budget}", megabytes
        yield f"mnist_torch_seconds_budget_{budget}", seconds


def print_torch_memory(budget: int, count: int = GPU_POPULATION) -> None:
    """Megabytes that scoring takes at its worst moment beside all that the process held before, and the seconds.

    Args:
        budget: megabytes (2^20 bytes).
        count: networks.
    """
    from wann.torch.batch import TorchBackend

    batch, networks = random_batch(), classifiers(SIZES[-1], count)
    TorchBackend("cpu", 1).scores(networks.take([0]), WEIGHTS, batch)  # loads what the libraries load once
    backend, seconds = TorchBackend("cpu", budget * 2**20), []
    megabytes = added_megabytes(lambda: seconds.append(seconds_of(lambda: backend.scores(networks, WEIGHTS, batch))))
    print(megabytes, *seconds)


def random_batch(seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    pixels = (rng.random((256, IMAGES)) * (rng.random((256, IMAGES)) < 0.25)).astype(np.float32)
    return Batch(pixels, rng.integers(0, 10, IMAGES))


def classifiers(size: int, count: int) -> Networks:
    """Evolved ones of that many connections, each many times."""
    evolved = compile_population(Population.of(load(f"mnist_conns{size}")))
    return evolved.take(np.arange(count) % len(evolved))


def bred(size: int) -> Networks:
    """The fifth generation of the search of configs/mnist.yaml that begins with evolved classifiers of that many
    connections: each different program once, as evaluations are asked for."""
    config = load_config("configs/mnist.yaml")
    search = make_search(config, 256, 10, load(f"mnist_conns{size}"))
    for seed in range(4):
        request = search.ask()
        search.tell(-mean_losses(request.networks, request.weights, random_batch(seed))[:, :, None])
    return search.ask().networks


def _seconds_apart(networks: Networks, batch: Batch) -> float:
    """Seconds of the kernels for one network that is evaluated by itself."""
    return sum(_seconds(networks.take([p]), batch) for p in range(len(networks))) / len(networks)


def _seconds(networks: Networks, batch: Batch) -> float:
    """Seconds of the kernels for one network of several that are evaluated together."""
    return min(seconds_of(lambda: mean_losses(networks, WEIGHTS, batch)) for _ in range(3)) / len(networks)


def _seconds_by(backend: TorchBackend, networks: Networks, batch: Batch) -> float:
    """Seconds of torch for one network: losses come back to the processor, so the device has finished."""
    return seconds_of(lambda: backend.mean_losses(networks, WEIGHTS, batch)) / len(networks)


def _side_by_side(
    networks: Networks, batch: Batch, seconds_for_one: Callable[[Networks, Batch], float]
) -> tuple[float, float]:
    """Networks a second, and how many times as many as the yardstick's."""
    seconds = seconds_for_one(networks, batch)
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
