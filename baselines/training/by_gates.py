"""Training of gates by gradients: noise, and a price of connections."""

from __future__ import annotations

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
    """Gates are rounded in every batch, and drawn where there is noise. Judged are rounded gates."""

    # Nats for a thousand connections. It falls to 0 as training ends: with a lasting price, gates flicker at the
    # threshold, where a small step of many closes or opens too many at once.
    penalty: float = 0.0
    noise: float = 0.0  # factor of Gumbel noise in the first batch
    last_noise: float | None = None  # and in the last one, with a straight line between; None: the same

    def loss(self, model: Model, inputs: Tensor, labels: Tensor, generator: torch.Generator, done: float) -> Tensor:
        """Cross-entropy, and the price of connections."""
        assert isinstance(model, Gated)
        last = self.noise if self.last_noise is None else self.last_noise
        size = self.noise + done * (last - self.noise)
        weights = model.drawn(generator, Noise(generator, size) if size else None)
        price = (1 - done) * self._price(model.num_open(weights))
        return functional.cross_entropy(model.logits(inputs, weights), labels) + price

    def merit(self, found: Score, epoch: int) -> tuple[float, float]:
        """Where connections have a price the last epoch is kept: those before it are more accurate only by size."""
        return (float(epoch), 0.0) if self.penalty else super().merit(found, epoch)

    def _price(self, num_open: Tensor) -> Tensor:
        return num_open * (self.penalty / 1000)
