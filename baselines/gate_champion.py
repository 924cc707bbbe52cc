"""The champion file of a baseline whose topology is trained: its network, with its accuracies at shared weights.

All are those of the kernels, in float32: the oracle would take longer than the training.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.models.gated import Gated
from baselines.train import Result
from configs.schema import PUBLISHED_WEIGHTS
from envs.images.classification import Classification
from envs.task import options_of, preprocessing_of
from wann.champion import Champion
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, keyed_rng
from wann.versions import SEARCH, versions_of

LOW, HIGH = -2.0, 2.0  # of random shared weights, as published
RANDOM_WEIGHTS = 20


def champion_of(result: Result) -> Champion | None:
    """The network that remains; None if weights are what was trained. Its config is the record of the training."""
    model, made = result.model, result.provenance
    if not isinstance(model, Gated):
        return None
    task = Classification(made["dataset"], made["inputs"], batch=None)
    genome, seed = model.genome(), int(made["seed"])
    return Champion(
        genome=genome,
        task=task.name,
        task_options=_options_of(task.untouched),
        input_names=task.input_names,
        output_names=task.output_names,
        weights=model.swept,
        returns=returns_of(Networks.of([compile_genome(genome)]), np.array(model.swept), task, seed),
        config={"baseline": made},
        seed=seed,
        generation=0,
        simulator=task.simulated_by,
        preprocessing=preprocessing_of(task),
        versions=versions_of(SEARCH),
    )


def returns_of(networks: Networks, swept: NDArray[np.float64], task: Classification, seed: int) -> dict[str, Any]:
    """Accuracies of one network on all test images, as in the champion file of a search, in percent.

    Args:
        networks: the only one.
        swept: [W] shared weights that it was trained for. Of these and the published ones the best is chosen, on
            validation images, and of equally good ones the first.
        task: gives both parts.
        seed: of the random shared weights.
    """

    def accuracies(part: Classification, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return part.evaluate(networks, weights, [0]).values.ravel()

    tried = np.array(list(dict.fromkeys((*swept.tolist(), *PUBLISHED_WEIGHTS))))
    best = float(tried[accuracies(task.reported, tried).argmax()])
    random = keyed_rng(seed, Purpose.CHAMPION_REPORT).uniform(LOW, HIGH, RANDOM_WEIGHTS)
    test = task.untouched
    at_swept = accuracies(test, swept)
    return {
        "episodes": RANDOM_WEIGHTS,
        "precision": "float32",
        "per_weight": [
            {"weight": weight, **_figures(at_swept[row : row + 1])} for row, weight in enumerate(swept.tolist())
        ],
        "random_shared_weight": {"low": LOW, "high": HIGH, **_figures(accuracies(test, random))},
        "best_shared_weight": {"weight": best, **_figures(accuracies(test, np.array([best])))},
        **test.ensemble(networks[0], swept),
    }


def _figures(values: NDArray[np.float64]) -> dict[str, float]:
    names = ("mean", "std", "median", "min")
    figures = values.mean(), values.std(), np.median(values), values.min()
    return dict(zip(names, map(float, figures), strict=True))


def _options_of(task: Classification) -> dict[str, Any]:
    """Those that are not defaults."""
    defaults = {field.name: field.default for field in fields(task)}
    return {name: value for name, value in options_of(task).items() if value != defaults[name]}
