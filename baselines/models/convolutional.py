"""The CNN of Ha, Dai & Le 2016 (arXiv 1609.09106, section 4.1), and the same with its second kernel generated.

Both: 7 x 7 convolution to 16 channels, ReLU, pooling by 2, 7 x 7 convolution from 16 to 16 channels, ReLU, pooling by
2, dense layer to the classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.models.model import Model, Problem, normal, truncated_normal, zeros

SIDE = 28  # pixels of a picture
CHANNELS, KERNEL = 16, 7
CODE = 4  # numbers in z, and in each a_i that it becomes
_SIGMA = 0.01  # of weights at the start, as published
_POOLED = SIDE // 4


class _Convolutional(Model):
    """All but the second kernel."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        assert problem.num_inputs == SIDE**2
        self.first = truncated_normal(generator, _SIGMA, CHANNELS, 1, KERNEL, KERNEL)
        self.first_bias = zeros(CHANNELS)
        self.second_bias = zeros(CHANNELS)
        self.output = truncated_normal(generator, _SIGMA, problem.num_outputs, CHANNELS * _POOLED**2)
        self.output_bias = zeros(problem.num_outputs)

    def weights(self) -> tuple[Tensor, ...]:
        """The second kernel [to, from, rows, columns]; the rest are parameters as they are."""
        raise NotImplementedError

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        images = inputs.reshape(-1, 1, SIDE, SIDE)
        seen = _convolve(_convolve(images, self.first, self.first_bias), weights[0], self.second_bias)
        return functional.linear(seen.flatten(1), self.output, self.output_bias)


class PlainCNN(_Convolutional):
    """21,210 parameters for ten classes."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__(problem, generator)
        self.second = truncated_normal(generator, _SIGMA, CHANNELS, CHANNELS, KERNEL, KERNEL)

    def weights(self) -> tuple[Tensor, ...]:
        return (self.second,)


class Hypernetwork(_Convolutional):
    """12,910 parameters for ten classes, 4,244 of which generate the 12,544 numbers of the second kernel."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__(problem, generator)
        # With the sigma of the weights, the kernel would be almost 0 and no gradient would come through it.
        self.z = normal(generator, 1, CODE)
        self.w2 = truncated_normal(generator, _SIGMA, CODE, CHANNELS * CODE)
        self.b2 = zeros(CHANNELS * CODE)
        self.w1 = truncated_normal(generator, _SIGMA, CODE, CHANNELS * KERNEL**2)
        self.b1 = zeros(CHANNELS * KERNEL**2)

    def weights(self) -> tuple[Tensor, ...]:
        codes = (self.z @ self.w2 + self.b2).reshape(CHANNELS, CODE)  # one for each channel that the kernel reads
        slices = (codes @ self.w1 + self.b1).reshape(CHANNELS, CHANNELS, KERNEL, KERNEL)
        return (slices.transpose(0, 1),)

    @property
    def num_generator_parameters(self) -> int:
        return sum(part.numel() for part in (self.z, self.w2, self.b2, self.w1, self.b1))


def _convolve(images: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    # Of ReLU and pooling either may come first; this order costs a quarter of the ReLUs.
    return functional.max_pool2d(functional.conv2d(images, kernel, bias, padding="same"), 2).relu()
