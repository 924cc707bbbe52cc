"""Training by gradients: Adam, minibatches and a decaying learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor
from torch.nn import functional

from baselines.models.model import Model
from baselines.training.averaging import Averages, check_average
from baselines.training.examples import Examples
from baselines.training.trainer import BestEpoch, Progress, Trained, TrainedBy, Trainer
from wann.torch.device import one_thread

_LEAST_BATCHES = 40  # of an epoch: small datasets have smaller batches


@dataclass(frozen=True)
class GradientTrainer(Trainer):
    """An epoch sees every training image at most once."""

    batch: int = 250  # images, where an epoch has at least 40 such batches
    learning_rate: float = 2e-3  # at the start
    last_rate: float = 0.01  # of the learning rate, at the end of a cosine
    warm_up: int = 1  # batches in which the learning rate rises
    average: float = 0.0  # decay in a batch of the mean of parameters that is kept; 0: the parameters themselves

    trained_by: ClassVar[TrainedBy] = "gradients"

    def train(
        self, model: Model, training: Examples, validation: Examples, generator: torch.Generator, progress: Progress
    ) -> Trained:
        """See `Trainer.train`.

        The order of images comes from the generator. On one CPU a seed gives the same bits; another CPU may round
        differently, and a GPU adds in an order that changes from run to run.
        """
        batch = max(1, min(self.batch, len(training) // _LEAST_BATCHES))
        per_epoch = len(training) // batch
        total = self.epochs * per_epoch
        optimizer = torch.optim.Adam(model.parameters(), self.learning_rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: self._rate(done, total))
        averages = Averages(model, self.average)
        judged = cast(Model, averages.model)
        best = BestEpoch(judged, validation, self)
        with one_thread(training.inputs.device.type):
            for epoch in range(1, self.epochs + 1):
                for number, rows in enumerate(_batches(len(training), batch, generator, training.inputs.device)):
                    done = (epoch - 1) * per_epoch + number
                    optimizer.zero_grad()
                    inputs, labels = training.inputs[rows], training.labels[rows]
                    self.loss(model, inputs, labels, generator, done / total).backward()
                    optimizer.step()
                    schedule.step()
                    averages.update()
                    progress(done + 1, total, best.note)
                self.make_ready(judged)
                if best.is_last(epoch):
                    break
        progress(total, total, best.note)
        trained = best.restore()
        model.load_state_dict(judged.state_dict())
        return trained

    def loss(self, model: Model, inputs: Tensor, labels: Tensor, generator: torch.Generator, done: float) -> Tensor:
        """The loss of one batch; ``done`` is the share of all batches before it. The generator is for what is drawn."""
        return functional.cross_entropy(model.logits(inputs, model.weights_of_batch()), labels)

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        super().__post_init__()
        check_average(self.average)

    def make_ready(self, judged: Model) -> None:
        """Change a model, the mean of the last ones, before it is judged after an epoch."""

    def _rate(self, done: int, total: int) -> float:
        """Factor of the learning rate after ``done`` of ``total`` batches."""
        cosine = (1 + math.cos(math.pi * done / total)) / 2
        return min(1, (done + 1) / self.warm_up) * (self.last_rate + (1 - self.last_rate) * cosine)


def _batches(count: int, batch: int, generator: torch.Generator, device: torch.device) -> Iterator[Tensor]:
    """Rows of whole batches, every image at most once."""
    order = torch.randperm(count, generator=generator).to(device)
    return (order[begin : begin + batch] for begin in range(0, count - batch + 1, batch))
