"""Softmax regression."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.baseline import Baseline
from baselines.models.model import Model, Problem, zeros
from baselines.training.by_gradients import GradientTrainer


class Linear(Model):
    """I * O + O parameters, which start at 0: the loss has one minimum."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        self.matrix = zeros(problem.num_outputs, problem.num_inputs)
        self.bias = zeros(problem.num_outputs)

    def weights(self) -> tuple[Tensor, ...]:
        return self.matrix, self.bias

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        return functional.linear(inputs, *weights)

    @property
    def num_connections(self) -> int:
        return self.num_parameters


BASELINE = Baseline("softmax regression on the inputs", Linear, GradientTrainer(epochs=20, learning_rate=5e-3))
