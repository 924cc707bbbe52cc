"""A mask of the connections to keep, found by gradients: edge-popup (Ramanujan et al. 2020, arXiv 1911.13299).

A layered network has a weight on every connection that is never trained. Each connection has a score, which is; the
network is made of each layer's connections of the highest scores, and gradients pass to the scores as if the choice
were not there (straight through).

All weights are one constant, up to a sign that the seed draws for each connection and nothing trains: the paper's
"signed constant", here of one size in both layers. Without signs no ReLU could ever lower a class. Weight-agnostic
champions have no signs: there, negative influence comes from activations alone.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from baselines.baseline import Baseline
from baselines.models.model import Model, Problem
from baselines.training.by_gradients import GradientTrainer

HIDDEN = 256
KEPT = 0.3  # of each layer's connections


class Mask(Model):
    """(I + 1) * 256 + 257 * O scores, of inputs, a bias in both layers, and 256 hidden ReLU."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        shapes = ((HIDDEN, problem.num_inputs + 1), (problem.num_outputs, HIDDEN + 1))
        self.scores = nn.ParameterList(
            torch.empty(shape).uniform_(-1, 1, generator=generator) * shape[1] ** -0.5 for shape in shapes
        )
        # The size that keeps the variance of the hidden layer's values (He et al. 2015), for the part that is kept.
        self.constant = (2 / (KEPT * (HIDDEN + 1))) ** 0.5
        for number, shape in enumerate(shapes):
            signs = 2 * torch.randint(2, shape, generator=generator, dtype=torch.int8) - 1
            self.register_buffer(f"signs{number}", signs)

    def weights(self) -> tuple[Tensor, ...]:
        """Both layers: 0, or plus or minus the constant."""
        signs = cast(list[Tensor], [self.signs0, self.signs1])
        return tuple(
            self.constant * sign * _Highest.apply(score) for sign, score in zip(signs, self.scores, strict=True)
        )

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        return _with_bias(_with_bias(inputs) @ weights[0].T).relu() @ weights[1].T

    @property
    def num_connections(self) -> int:
        """Connections that are kept; a few of them may lead nowhere."""
        return sum(_num_kept(score) for score in self.scores)


class _Highest(torch.autograd.Function):
    """1 at the highest scores and 0 elsewhere; its gradient is that of the identity."""

    @staticmethod
    def forward(context: Any, scores: Tensor) -> Tensor:
        chosen = scores.flatten().topk(_num_kept(scores)).indices
        return torch.zeros_like(scores).flatten().index_fill(0, chosen, 1).reshape(scores.shape)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


def _num_kept(scores: Tensor) -> int:
    return round(KEPT * scores.numel())


def _with_bias(values: Tensor) -> Tensor:
    return torch.cat([values, torch.ones_like(values[:, :1])], 1)


BASELINE = Baseline(
    "connections of one constant weight, chosen by gradients", Mask, GradientTrainer(epochs=20, learning_rate=5e-3)
)
