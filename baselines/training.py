"""Training a model: Adam, minibatches, a decaying learning rate, and the epoch that the validation part likes best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.examples import Examples
from baselines.model import Model
from baselines.scoring import Score, score
from wann.torch_device import one_thread

_LEAST_BATCHES = 40  # of an epoch: small datasets have smaller batches

# Told (batches done, batches in all, a remark).
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Recipe:
    """How a model is trained."""

    epochs: int = 20  # at most
    batch: int = 250  # images, where an epoch has at least 40 such batches
    learning_rate: float = 2e-3  # at the start
    last_rate: float = 0.01  # of the learning rate, at the end of a cosine
    warm_up: int = 1  # batches in which the learning rate rises
    patience: int = 8  # epochs without a better validation accuracy after which training ends


@dataclass(frozen=True)
class Trained:
    """How training went; the model has the weights of its best epoch."""

    validation: Score
    best_epoch: int  # from 1
    epochs: int  # that were trained


def train(
    model: Model,
    training: Examples,
    validation: Examples,
    recipe: Recipe,
    generator: torch.Generator,
    progress: Progress = lambda *_: None,
) -> Trained:
    """Train a model in place, on the device where it and the images are.

    The order of images comes from ``generator``, a CPU's. On one CPU a seed gives the same bits; another CPU may round
    differently, and a GPU adds in an order that changes from run to run.
    """
    batch = max(1, min(recipe.batch, len(training) // _LEAST_BATCHES))
    per_epoch = len(training) // batch
    total = recipe.epochs * per_epoch
    optimizer = torch.optim.Adam(model.parameters(), recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: _rate(done, total, recipe))
    # Of equal accuracies the one of the lower cross-entropy is better; NaN is never better.
    best, best_epoch, best_weights, note, epoch = Score(-1.0, math.inf), 0, _copy(model), "", 0
    with one_thread(training.inputs.device.type):
        for epoch in range(1, recipe.epochs + 1):
            for number, rows in enumerate(_batches(len(training), batch, generator, training.inputs.device)):
                optimizer.zero_grad()
                functional.cross_entropy(model(training.inputs[rows]), training.labels[rows]).backward()
                optimizer.step()
                schedule.step()
                progress((epoch - 1) * per_epoch + number + 1, total, note)
            found = score(model, validation)
            if (found.accuracy, -found.cross_entropy) > (best.accuracy, -best.cross_entropy):
                best, best_epoch, best_weights = found, epoch, _copy(model)
            note = f"epoch {epoch}/{recipe.epochs}  validation {found.accuracy:.2f} %, best {best.accuracy:.2f} %"
            if epoch - best_epoch >= recipe.patience:
                break
    progress(total, total, note)
    model.load_state_dict(best_weights)
    return Trained(best, best_epoch, epoch)


def _rate(done: int, total: int, recipe: Recipe) -> float:
    """Factor of the learning rate after ``done`` of ``total`` batches."""
    cosine = (1 + math.cos(math.pi * done / total)) / 2
    return min(1, (done + 1) / recipe.warm_up) * (recipe.last_rate + (1 - recipe.last_rate) * cosine)


def _batches(count: int, batch: int, generator: torch.Generator, device: torch.device) -> Iterator[Tensor]:
    """Rows of whole batches, every image at most once."""
    order = torch.randperm(count, generator=generator).to(device)
    return (order[begin : begin + batch] for begin in range(0, count - batch + 1, batch))


def _copy(model: Model) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
