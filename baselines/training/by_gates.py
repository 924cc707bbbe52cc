"""Training of gates by gradients: noise, and a limit of connections that is approached slowly."""

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


@dataclass(frozen=True)
class GateTrainer(GradientTrainer):
    """Gates are rounded in every batch, and drawn where there is noise. Judged are rounded gates of mean scores.

    Under a limit the weakest gates are closed in every batch: the number that may be open falls along a cubic curve
    (Zhu & Gupta 2017, arXiv 1710.01878), and is then the limit's for the rest of training.
    """

    average: float = 0.997
    connections: int | None = None  # of the network, at most; None: as many as gates open
    falling: float = 0.6  # the share of training in which connections come down to the limit
    noise: float = 0.0  # factor of Gumbel noise in the first batch
    last_noise: float | None = None  # and in the last one, with a straight line between; None: the same

    def loss(self, model: Model, inputs: Tensor, labels: Tensor, generator: torch.Generator, done: float) -> Tensor:
        """Cross-entropy of the gates that are open now."""
        assert isinstance(model, Gated)
        if self.connections is not None:
            model.keep(self._allowed(model, self.connections, done))
        last = self.noise if self.last_noise is None else self.last_noise
        size = self.noise + done * (last - self.noise)
        weights = model.drawn(generator, Noise(generator, size) if size else None)
        return functional.cross_entropy(model.logits(inputs, weights), labels)

    def make_ready(self, judged: Model) -> None:
        """See `GradientTrainer.make_ready`: mean scores have strengths of their own."""
        assert isinstance(judged, Gated)
        if self.connections is not None:
            judged.keep(self.connections)
            judged.keep_at_most(self.connections)

    def merit(self, found: Score, epoch: int) -> tuple[float, float]:
        """While connections come down the newest epoch is the best: those before it are more accurate by size."""
        is_falling = self.connections is not None and epoch <= math.ceil(self.falling * self.epochs) < self.epochs
        return (-1.0, float(epoch)) if is_falling else super().merit(found, epoch)

    def _allowed(self, model: Gated, limit: int, done: float) -> int:
        left = max(0.0, 1 - done / self.falling) if self.falling else 0.0
        return limit + round((model.num_at_first - limit) * left**3)
