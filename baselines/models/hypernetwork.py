"""The CNN of Ha, Dai & Le 2016 with its second kernel generated (arXiv 1609.09106, section 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.baseline import Baseline
from baselines.models.convolutional import CHANNELS, KERNEL, SIDE, SIGMA, Convolutional
from baselines.models.model import Problem, normal, truncated_normal, zeros
from baselines.training.by_gradients import GradientTrainer

CODE = 4  # numbers in z, and in each a_i that it becomes


class Hypernetwork(Convolutional):
    """12,910 parameters for ten classes, 4,244 of which generate the 12,544 numbers of the second kernel."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__(problem, generator)
        # With the sigma of the weights, the kernel would be almost 0 and no gradient would come through it.
        self.z = normal(generator, 1, CODE)
        self.w2 = truncated_normal(generator, SIGMA, CODE, CHANNELS * CODE)
        self.b2 = zeros(CHANNELS * CODE)
        self.w1 = truncated_normal(generator, SIGMA, CODE, CHANNELS * KERNEL**2)
        self.b1 = zeros(CHANNELS * KERNEL**2)

    def weights(self) -> tuple[Tensor, ...]:
        codes = (self.z @ self.w2 + self.b2).reshape(CHANNELS, CODE)  # one for each channel that the kernel reads
        slices = (codes @ self.w1 + self.b1).reshape(CHANNELS, CHANNELS, KERNEL, KERNEL)
        return (slices.transpose(0, 1),)

    @property
    def num_generator_parameters(self) -> int:
        return sum(part.numel() for part in (self.z, self.w2, self.b2, self.w1, self.b1))


BASELINE = Baseline(
    "the CNN, its second kernel generated from a code of 4 numbers",
    Hypernetwork,
    GradientTrainer(epochs=7, learning_rate=5e-3),
    side=SIDE,
)
