"""The base of all baselines: trained parameters that give weights, and weights that give logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wann.genome import Genome
from wann.network import Network


@dataclass(frozen=True)
class Start:
    """A topology, and the start of the training of its weights."""

    network: Network
    weight: float  # shared by all connections
    logit_scale: float  # factor of all logits, above 0


@dataclass(frozen=True)
class Problem:
    """The specification of a model. ``start`` is only for the topology of a champion."""

    num_inputs: int
    num_outputs: int
    start: Start | None = None


class Model(nn.Module):
    """A module that computes its weights apart from its logits: what generates weights does so once for all images."""

    def weights(self) -> tuple[Tensor, ...]:
        """The weights applied to images, computed from the trained parameters."""
        raise NotImplementedError

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        """Logits [B, O] of inputs [B, I], with the result of `weights`."""
        raise NotImplementedError

    def weights_of_batch(self) -> tuple[Tensor, ...]:
        """As `weights`, once for each batch of training: here a model may follow what training changes."""
        return self.weights()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [B, O] of inputs [B, I]."""
        return self.logits(inputs, self.weights())

    @property
    def num_parameters(self) -> int:
        """Trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def num_generator_parameters(self) -> int | None:
        """Number of trained numbers that generate weights; None if none do."""
        return None

    @property
    def num_connections(self) -> int | None:
        """Connections between nodes, the bias's among them; None for kernels, which many places share."""
        return None

    def genome(self) -> Genome | None:
        """The weight-agnostic network that training has found; None if weights are what it trains."""
        return None

    def figures(self, inputs: Tensor) -> dict[str, float]:
        """Further measures of the model on inputs [N, I], by name, for its files."""
        return {}


def zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape))


def normal(generator: torch.Generator, sigma: float, *shape: int) -> nn.Parameter:
    """Drawn on the CPU, so that a seed gives the same numbers wherever training runs."""
    return nn.Parameter(torch.empty(shape).normal_(0, sigma, generator=generator))


def truncated_normal(generator: torch.Generator, sigma: float, *shape: int) -> nn.Parameter:
    """As `normal`, without what lies more than two sigma away."""
    drawn = nn.init.trunc_normal_(torch.empty(shape), 0, sigma, -2 * sigma, 2 * sigma, generator=generator)
    return nn.Parameter(drawn)
