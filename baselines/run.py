"""From an order to a trained model and its figures."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from baselines.models.model import Model, Problem, Start
from baselines.models.topology import best_start
from baselines.order import Order, champion_of
from baselines.registry import BASELINES
from baselines.training.examples import Examples, load_examples
from baselines.training.recipe import Progress, Recipe, Trained
from baselines.training.scoring import Score, score
from envs.images.datasets import dataset_of
from wann.batch import Batch
from wann.network import compile_genome

_START_IMAGES = 5000  # training images that a champion's shared weight is chosen on


@dataclass(frozen=True)
class Result:
    """A trained model and what is known of it."""

    model: Model
    trained: Trained
    test: Score
    seconds: float  # of training and validation
    problem: Problem
    provenance: dict[str, Any]  # the same for the same order on the same machine

    def plain(self) -> dict[str, Any]:
        """For ``results.json``."""
        return self.provenance | {"seconds": round(self.seconds, 1)}

    def line(self) -> str:
        """For a person."""
        connections = "" if self.model.num_connections is None else f", {self.model.num_connections:,} connections"
        return (
            f"{self.provenance['baseline']}: {self.test.accuracy:.2f} % of the test images, "
            f"{self.trained.validation.accuracy:.2f} % of the validation images; "
            f"{self.model.num_parameters:,} trained parameters{connections}; {self.seconds:.0f} s"
        )


def run(order: Order, progress: Progress) -> Result:
    """Train what is ordered, and score it on the test part: once, after all choices.

    Args:
        order: as `baselines.order.make_ready` returns it.
        progress: told of every batch.

    Raises:
        UserError: the dataset or the champion cannot be had.
    """
    training, validation = (
        load_examples(order.dataset, order.inputs, part, order.device) for part in ("train", "validation")
    )
    start = _start(order, training) if BASELINES[order.baseline].takes_champion else None
    problem = Problem(training.inputs.shape[1], len(dataset_of(order.dataset).classes), start)
    recipe = recipe_of(order)
    begun = perf_counter()
    model, trained = fit(order.baseline, problem, training, validation, recipe, order.seed, progress)
    seconds = perf_counter() - begun
    test = score(model, load_examples(order.dataset, order.inputs, "test", order.device))
    return Result(model, trained, test, seconds, problem, _provenance(order, recipe, model, trained, test, problem))


def recipe_of(order: Order) -> Recipe:
    recipe = BASELINES[order.baseline].recipe
    return recipe if order.epochs is None else replace(recipe, epochs=order.epochs)


def fit(
    baseline: str,
    problem: Problem,
    training: Examples,
    validation: Examples,
    recipe: Recipe,
    seed: int,
    progress: Progress = lambda *_: None,
) -> tuple[Model, Trained]:
    """A new model of a baseline, trained; every draw comes from one generator of the seed."""
    generator = torch.Generator().manual_seed(seed)
    model = BASELINES[baseline].make(problem, generator).to(training.inputs.device)
    return model, recipe.train(model, training, validation, generator, progress)


def _start(order: Order, training: Examples) -> Start:
    champion, _ = champion_of(order)
    few = training.first(_START_IMAGES)
    batch = Batch(np.ascontiguousarray(few.inputs.T.cpu().numpy()), few.labels.cpu().numpy())
    return best_start(compile_genome(champion.genome), champion.weights, batch)


def _provenance(
    order: Order, recipe: Recipe, model: Model, trained: Trained, test: Score, problem: Problem
) -> dict[str, Any]:
    """What the files say of the model: how it is made again, what it costs, how good it is."""
    made = {key: value for key, value in asdict(order).items() if key != "out" and value is not None}
    record: dict[str, Any] = {
        "baseline": order.baseline,
        "dataset": order.dataset,
        "inputs": order.inputs,
        "seed": order.seed,
        "validation": asdict(trained.validation),
        "test": asdict(test),
        "parameters": model.num_parameters,
        "generator_parameters": model.num_generator_parameters,
        "connections": model.num_connections,
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "trained_by": recipe.trained_by,
        "config": asdict(recipe),
        "device": order.device,
        "command": "compare_baselines.py " + " ".join(f"--{key} {shlex.quote(str(made[key]))}" for key in made),
        "preprocessing": {"inputs": order.inputs, "sha256": dict(dataset_of(order.dataset).fingerprint)},
        "versions": {package: version(package) for package in ("torch", "numpy", *recipe.packages)},
    }
    if problem.start is not None and order.champion is not None:
        record["champion"] = {
            "sha256": sha256(Path(order.champion).read_bytes()).hexdigest(),
            "start_weight": problem.start.weight,
            "start_logit_scale": problem.start.logit_scale,
        }
    return {key: value for key, value in record.items() if value is not None}
