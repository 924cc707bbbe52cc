"""Training of gates by gradients: a limit of connections that is approached slowly, and noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.models.gate import Noise
from baselines.models.gated import Gated
from baselines.models.model import Model
from baselines.training.by_gradients import GradientTrainer
from baselines.training.scoring import Score
from wann.errors import UserError


@dataclass(frozen=True)
class GateTrainer(GradientTrainer):
    """Gates are rounded in every batch. Judged are rounded gates of mean scores.

    Under a limit the weakest gates are closed in every batch: the number of connections falls along a cubic curve (Zhu
    & Gupta 2017, arXiv 1710.01878), and is then the limit's for the rest of training.
    """

    average: float = 0.997
    connections: int | None = None  # of the network, at most; None: as many as gates open
    falling: float = 0.6  # the share of training in which connections come down to the limit

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.falling > 1:
            raise UserError(key="training.falling", expected="at most 1", found=str(self.falling))

    def loss(self, model: Model, inputs: Tensor, labels: Tensor, generator: torch.Generator, done: float) -> Tensor:
        """Cross-entropy of the gates that are open now."""
        assert isinstance(model, Gated)
        limit = self._limit(model)
        if limit is not None:
            left = max(0.0, 1 - done / self.falling) if self.falling else 0.0
            model.keep(limit + round((model.num_at_first - limit) * left**3))
        weights = model.drawn(generator, self.noise_at(done, generator))
        return functional.cross_entropy(model.logits(inputs, weights), labels)

    def noise_at(self, done: float, generator: torch.Generator) -> Noise | None:
        """The noise of a batch; ``done`` is the share of all batches before it."""
        return None

    def make_ready(self, judged: Model) -> None:
        """See `GradientTrainer.make_ready`: mean scores have strengths of their own."""
        assert isinstance(judged, Gated)
        limit = self._limit(judged)
        if limit is not None:
            judged.keep_at_most(limit)

    def merit(self, found: Score, epoch: int) -> tuple[float, float]:
        """Epochs of a network that is still larger than its limit are never the best, and do not end training."""
        is_falling = self.connections is not None and epoch <= math.ceil(self.falling * self.epochs) < self.epochs
        return (-1.0, float(epoch)) if is_falling else super().merit(found, epoch)

    def _limit(self, model: Gated) -> int | None:
        """A limit above what is open before training would open gates."""
        return None if self.connections is None else min(self.connections, model.num_at_first)


@dataclass(frozen=True)
class NoisyGateTrainer(GateTrainer):
    """Where there is noise gates are drawn in training."""

    noise: float = 0.0  # factor of Gumbel noise in the first batch
    last_noise: float | None = None  # and in the last one, with a straight line between; None: the same

    def noise_at(self, done: float, generator: torch.Generator) -> Noise | None:
        """See `GateTrainer.noise_at`."""
        last = self.noise if self.last_noise is None else self.last_noise
        size = self.noise + done * (last - self.noise)
        return Noise(generator, size) if size else None
