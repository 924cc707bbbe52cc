"""The part that the CNN of Ha, Dai & Le 2016 (arXiv 1609.09106, section 4.1) and its hypernetwork share.

Both are: 7 x 7 convolution to 16 channels, ReLU, pooling by 2, 7 x 7 convolution from 16 to 16 channels, ReLU,
pooling by 2, dense layer to the classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.models.model import Model, Problem, truncated_normal, zeros

SIDE = 28  # pixels of a picture
CHANNELS, KERNEL = 16, 7
SIGMA = 0.01  # of weights at the start, as published
_POOLED = SIDE // 4


class Convolutional(Model):
    """All but the second kernel."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        assert problem.num_inputs == SIDE**2
        self.first = truncated_normal(generator, SIGMA, CHANNELS, 1, KERNEL, KERNEL)
        self.first_bias = zeros(CHANNELS)
        self.second_bias = zeros(CHANNELS)
        self.output = truncated_normal(generator, SIGMA, problem.num_outputs, CHANNELS * _POOLED**2)
        self.output_bias = zeros(problem.num_outputs)

    def weights(self) -> tuple[Tensor, ...]:
        """The second kernel [to, from, rows, columns]; the rest are parameters as they are."""
        raise NotImplementedError

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        images = inputs.reshape(-1, 1, SIDE, SIDE)
        seen = _convolve(_convolve(images, self.first, self.first_bias), weights[0], self.second_bias)
        return functional.linear(seen.flatten(1), self.output, self.output_bias)


def _convolve(images: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    # Of ReLU and pooling either may come first; this order costs a quarter of the ReLUs.
    return functional.max_pool2d(functional.conv2d(images, kernel, bias, padding="same"), 2).relu()
