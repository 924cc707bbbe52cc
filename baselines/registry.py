"""The baselines by name: what each is, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from baselines.models.convolutional import Hypernetwork, PlainCNN
from baselines.models.coordinates import CoordinateHypernetwork
from baselines.models.dense import Linear, Perceptron
from baselines.models.mask import Mask
from baselines.models.model import Model, Problem
from baselines.models.topology import Topology
from baselines.training.by_cma_es import Evolution
from baselines.training.by_gradients import Gradients
from baselines.training.recipe import Recipe


@dataclass(frozen=True)
class Baseline:
    """One kind of model."""

    about: str
    make: Callable[[Problem, torch.Generator], Model]
    recipe: Recipe
    side: int | None = None  # of the only pictures that it takes, in pixels
    takes_champion: bool = False


BASELINES: dict[str, Baseline] = {
    "linear": Baseline("softmax regression on the inputs", Linear, Gradients(epochs=20, learning_rate=5e-3)),
    "mlp": Baseline("one hidden layer of 100 ReLU", Perceptron, Gradients(epochs=20, learning_rate=2e-3)),
    "cnn": Baseline("two convolutions of 7 x 7", PlainCNN, Gradients(epochs=7, learning_rate=5e-3), side=28),
    "hypernetwork": Baseline(
        "the CNN, its second kernel generated from a code of 4 numbers",
        Hypernetwork,
        Gradients(epochs=7, learning_rate=5e-3),
        side=28,
    ),
    "coordinate_hypernetwork": Baseline(
        "a layer of 784 x 256 weights generated from their coordinates",
        CoordinateHypernetwork,
        Gradients(epochs=30, batch=500, learning_rate=5e-3, warm_up=100),
        side=28,
    ),
    "mask": Baseline(
        "connections of one constant weight, chosen by gradients", Mask, Gradients(epochs=20, learning_rate=5e-3)
    ),
    "champion": Baseline(
        "a champion's topology with trained weights",
        Topology,
        Gradients(epochs=15, learning_rate=5e-3),
        takes_champion=True,
    ),
    "champion_cma_es": Baseline(
        "the same, its weights found by CMA-ES",
        Topology,
        Evolution(epochs=50, patience=20),
        takes_champion=True,
    ),
}
