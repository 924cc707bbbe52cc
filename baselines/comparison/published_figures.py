"""Figures of Gaier & Ha 2019 (arXiv 1906.04358, tables 1 and 2), and the shapes of their fixed networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from baselines.comparison.cells import Cell

# How weights are set in a cell; all but the last are in the published table.
Setting = Literal["random_individual", "random_shared", "best_shared", "tuned", "own"]
SETTINGS: dict[Setting, str] = {
    "random_individual": "random weights",
    "random_shared": "random shared weight",
    "best_shared": "best shared weight",
    "tuned": "tuned weights",
    "own": "its own weights",  # of a champion file that has individual ones
}

# Nodes of a fully connected tanh network by layer.
FIXED_SHAPES: dict[str, tuple[int, ...]] = {
    "cartpole_swingup": (5, 10, 1),
    "bipedal_walker": (24, 40, 40, 4),
    "car_racing": (16, 40, 3),
}

# Task to (network, setting) to the mean and standard deviation of 100 trials.
RETURNS: dict[str, dict[tuple[str, str], tuple[float, float]]] = {
    "cartpole_swingup": {
        ("champion", "random_individual"): (57, 121),
        ("champion", "random_shared"): (515, 58),
        ("champion", "best_shared"): (723, 16),
        ("champion", "tuned"): (932, 6),
        ("fixed", "random_individual"): (21, 43),
        ("fixed", "random_shared"): (7, 2),
        ("fixed", "best_shared"): (8, 1),
        ("fixed", "tuned"): (918, 7),
    },
    "bipedal_walker": {
        ("champion", "random_individual"): (-46, 54),
        ("champion", "random_shared"): (51, 108),
        ("champion", "best_shared"): (261, 58),
        ("champion", "tuned"): (332, 1),
        ("fixed", "random_individual"): (-129, 28),
        ("fixed", "random_shared"): (-107, 12),
        ("fixed", "best_shared"): (-35, 23),
        ("fixed", "tuned"): (347, 1),
    },
    "car_racing": {
        ("champion", "random_individual"): (-69, 31),
        ("champion", "random_shared"): (375, 177),
        ("champion", "best_shared"): (608, 161),
        ("champion", "tuned"): (893, 74),
        ("fixed", "random_individual"): (-82, 13),
        ("fixed", "random_shared"): (-85, 27),
        ("fixed", "best_shared"): (-37, 36),
        ("fixed", "tuned"): (906, 21),
    },
}

# Errors (percent) of Ba et al. 2016 (arXiv 1610.06258, table 1) by model and hidden units, at four pairs.
_RETRIEVAL_ERRORS: dict[tuple[str, int], float] = {
    ("irnn", 20): 62.11,
    ("irnn", 50): 60.23,
    ("irnn", 100): 0.34,
    ("lstm", 20): 60.81,
    ("lstm", 50): 1.85,
    ("lstm", 100): 0.0,
    ("fast_weights", 20): 1.81,
    ("fast_weights", 50): 0.0,
    ("fast_weights", 100): 0.0,
}
_RETRIEVAL = {"published": True, "keys": 26, "values": 10, "shortest": 4, "longest": 4}
_RETRIEVAL_LAYERS = {"embedding": 100, "readout": 100}


def retrieval_accuracy(options: Mapping[str, Any], cell: Cell) -> float | None:
    """The published percentage of right answers at four pairs; None if the task or the model is another one."""
    model = cell.facts.get("model", {})
    same_task = all(options.get(key) == value for key, value in _RETRIEVAL.items())
    if not same_task or any(model.get(key) != value for key, value in _RETRIEVAL_LAYERS.items()):
        return None
    error = _RETRIEVAL_ERRORS.get((cell.setting, model["hidden"]))
    return None if error is None else 100 - error


# Test accuracy (percent) on MNIST, with its standard deviation where one is given.
MNIST_ACCURACY: dict[str, tuple[float, float | None]] = {
    "random_shared": (82.0, 18.7),
    "best_shared": (91.9, None),
    "vote": (91.6, None),
    "champion": (94.2, None),  # its topology with trained weights
    "linear": (91.6, None),
    "cnn": (99.3, None),
}
