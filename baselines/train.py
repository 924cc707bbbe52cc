"""The training of one baseline, from its options to a model and its figures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch

from baselines.models.model import Model, Problem, Start
from baselines.models.topology import best_start
from baselines.registry import BASELINES
from baselines.training.examples import Examples, load_examples
from baselines.training.scoring import Score, score
from baselines.training.trainer import Progress, Trained, Trainer
from baselines.training_options import TrainingOptions, champion_of, trainer_of
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
    cpu_seconds: float  # of the same; on a GPU those of the processor
    problem: Problem
    provenance: dict[str, Any]  # the same for the same options on the same machine
    figures: Mapping[str, float] = field(default_factory=dict)  # of the model alone, by name

    def plain(self) -> dict[str, Any]:
        """For ``results.json``."""
        return self.provenance | {"seconds": round(self.seconds, 1), "cpu_seconds": round(self.cpu_seconds, 1)}

    def line(self) -> str:
        """For a person."""
        connections = "" if self.model.num_connections is None else f", {self.model.num_connections:,} connections"
        figures = "".join(f", {name.replace('_', ' ')} {value:.3g}" for name, value in self.figures.items())
        return (
            f"{self.provenance['baseline']}: {self.test.accuracy:.2f} % of the test images, "
            f"{self.trained.validation.accuracy:.2f} % of the validation images; "
            f"{self.model.num_parameters:,} trained parameters{connections}{figures}; "
            f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} of a processor"
        )


def train(options: TrainingOptions, progress: Progress) -> Result:
    """Train a baseline, and score it on the test part: once, after all choices.

    Args:
        options: as `baselines.training_options.make_ready` returns it.
        progress: told of every batch.

    Raises:
        UserError: the dataset or the champion cannot be had.
    """
    training, validation = (
        load_examples(options.dataset, options.inputs, part, options.device) for part in ("train", "validation")
    )
    start = _start(options, training) if BASELINES[options.baseline].takes_champion else None
    problem = Problem(training.inputs.shape[1], len(dataset_of(options.dataset).classes), start)
    trainer = trainer_of(options)
    begun, cpu_begun = perf_counter(), process_time()
    model, trained = fit(options.baseline, problem, training, validation, trainer, options.seed, progress)
    seconds, cpu_seconds = perf_counter() - begun, process_time() - cpu_begun
    examples = load_examples(options.dataset, options.inputs, "test", options.device)
    test, figures = score(model, examples), model.figures(examples.inputs)
    provenance = _provenance(options, trainer, model, trained, test, problem) | figures
    return Result(model, trained, test, seconds, cpu_seconds, problem, provenance, figures)


def fit(
    baseline: str,
    problem: Problem,
    training: Examples,
    validation: Examples,
    trainer: Trainer,
    seed: int,
    progress: Progress = lambda *_: None,
) -> tuple[Model, Trained]:
    """A new model of a baseline, trained; every draw comes from one generator of the seed."""
    generator = torch.Generator().manual_seed(seed)
    model = BASELINES[baseline].make(problem, generator).to(training.inputs.device)
    return model, trainer.train(model, training, validation, generator, progress)


def _start(options: TrainingOptions, training: Examples) -> Start:
    champion, _ = champion_of(options)
    few = training.first(_START_IMAGES)
    batch = Batch(np.ascontiguousarray(few.inputs.T.cpu().numpy()), few.labels.cpu().numpy())
    return best_start(compile_genome(champion.genome), champion.weights, batch)


def _provenance(
    options: TrainingOptions, trainer: Trainer, model: Model, trained: Trained, test: Score, problem: Problem
) -> dict[str, Any]:
    """The record of the model for its files: how to make it again, its cost and its quality."""
    made = {
        key: value for key, value in asdict(options).items() if key not in ("out", "settings") and value is not None
    }
    words = [word for key, value in made.items() for word in (f"--{key}", str(value))]
    words += [word for setting in options.settings for word in ("--set", setting)]
    record: dict[str, Any] = {
        "baseline": options.baseline,
        "dataset": options.dataset,
        "inputs": options.inputs,
        "seed": options.seed,
        "validation": asdict(trained.validation),
        "test": asdict(test),
        "parameters": model.num_parameters,
        "generator_parameters": model.num_generator_parameters,
        "connections": model.num_connections,
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "trained_by": trainer.trained_by,
        "config": asdict(trainer),
        "device": options.device,
        "command": shlex.join(["compare_baselines.py", *words]),
        "preprocessing": {"inputs": options.inputs, "sha256": dict(dataset_of(options.dataset).fingerprint)},
        "versions": {package: version(package) for package in ("torch", "numpy", *trainer.packages)},
    }
    if problem.start is not None and options.champion is not None:
        record["champion"] = {
            "sha256": sha256(Path(options.champion).read_bytes()).hexdigest(),
            "start_weight": problem.start.weight,
            "start_logit_scale": problem.start.logit_scale,
        }
    return {key: value for key, value in record.items() if value is not None}
