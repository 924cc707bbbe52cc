"""The CNN of Ha, Dai & Le 2016 (arXiv 1609.09106, section 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.baseline import Baseline
from baselines.models.convolutional import CHANNELS, KERNEL, SIDE, SIGMA, Convolutional
from baselines.models.model import Problem, truncated_normal
from baselines.training.by_gradients import GradientTrainer


class PlainCNN(Convolutional):
    """21,210 parameters for ten classes."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__(problem, generator)
        self.second = truncated_normal(generator, SIGMA, CHANNELS, CHANNELS, KERNEL, KERNEL)

    def weights(self) -> tuple[Tensor, ...]:
        return (self.second,)


BASELINE = Baseline("two convolutions of 7 x 7", PlainCNN, GradientTrainer(epochs=7, learning_rate=5e-3), side=SIDE)
