"""A perceptron with one hidden layer."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.baseline import Baseline
from baselines.models.model import Model, Problem, normal, zeros
from baselines.training.by_gradients import GradientTrainer

HIDDEN = 100


class Perceptron(Model):
    """One hidden layer of 100 ReLU; every parameter is a connection."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        self.hidden = normal(generator, (2 / problem.num_inputs) ** 0.5, HIDDEN, problem.num_inputs)
        self.hidden_bias = zeros(HIDDEN)
        self.output = normal(generator, HIDDEN**-0.5, problem.num_outputs, HIDDEN)
        self.output_bias = zeros(problem.num_outputs)

    def weights(self) -> tuple[Tensor, ...]:
        return self.hidden, self.hidden_bias, self.output, self.output_bias

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        hidden, hidden_bias, output, output_bias = weights
        return functional.linear(functional.linear(inputs, hidden, hidden_bias).relu(), output, output_bias)

    @property
    def num_connections(self) -> int:
        return self.num_parameters


BASELINE = Baseline("one hidden layer of 100 ReLU", Perceptron, GradientTrainer(epochs=20, learning_rate=2e-3))
