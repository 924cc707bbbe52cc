"""A small network that draws the weights of a large layer: each from its coordinates alone, as in HyperNEAT.

After Ha, Dai & Le 2016 (arXiv 1609.09106, appendix A.1): an MLP of 801 parameters gives all 200,704 weights of a layer
from 784 pixels to 256 hidden nodes. Its shape is ours (4 - 25 - 25 - 1): a weight's coordinates are the row and the
column of the pixel, and those of the hidden node in a grid of 16 x 16, all in [-1, 1]. Its nodes are sines,
with several waves across the picture from the first (Sitzmann et al. 2020, arXiv 2006.09661): of ReLUs its weights are
too smooth, and validation accuracy after five epochs is 76 % instead of 95 %. Free besides are the 256 biases of the
hidden nodes and the layer from these to the classes (2,570 parameters for ten).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from baselines.baseline import Baseline
from baselines.models.model import Model, Problem, normal, zeros
from baselines.training.by_gradients import GradientTrainer

PIXELS_SIDE, HIDDEN_SIDE = 28, 16
GENERATOR = (4, 25, 25, 1)  # nodes by layer: (25 * 4 + 25) + (25 * 25 + 25) + (25 + 1) = 801
# Spread of the first sines' frequencies (radians for each unit of a coordinate) and phases, and of the second's phases.
_FREQUENCY, _FIRST_PHASE, _SECOND_PHASE = 6.0, 3.0, 1.0
# Factor of what the generator says: weights near 1 / sqrt(784), where 256 hidden nodes begin to learn.
_SIZE = 0.03


class CoordinateHypernetwork(Model):
    """3,627 parameters for ten classes, 801 of which generate a layer."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        assert problem.num_inputs == PIXELS_SIDE**2
        num_hidden = HIDDEN_SIDE**2
        _, wide, _, _ = GENERATOR
        spreads = (_FREQUENCY, 1.5 * (2 / wide) ** 0.5, (2 / wide) ** 0.5)
        phases = (_FIRST_PHASE, _SECOND_PHASE, 0.0)
        shapes = list(zip(GENERATOR[1:], GENERATOR, strict=False))
        self.matrices = torch.nn.ParameterList(
            normal(generator, spread, *shape) for spread, shape in zip(spreads, shapes, strict=True)
        )
        self.biases = torch.nn.ParameterList(
            normal(generator, spread, after) for spread, (after, _) in zip(phases, shapes, strict=True)
        )
        self.hidden_bias = zeros(num_hidden)
        self.output = normal(generator, num_hidden**-0.5, problem.num_outputs, num_hidden)
        self.output_bias = zeros(problem.num_outputs)
        self.register_buffer("coordinates", _coordinates(), persistent=False)

    def weights(self) -> tuple[Tensor, ...]:
        """The layer [256, 784]."""
        values = cast(Tensor, self.coordinates)
        for number, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            values = torch.addmm(bias[:, None], matrix, values if number == 0 else values.sin())
        return (_SIZE * values.reshape(HIDDEN_SIDE**2, PIXELS_SIDE**2),)

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        hidden = functional.linear(inputs, weights[0], self.hidden_bias).relu()
        return functional.linear(hidden, self.output, self.output_bias)

    @property
    def num_generator_parameters(self) -> int:
        return sum(part.numel() for part in (*self.matrices, *self.biases))

    @property
    def num_connections(self) -> int:
        """Of the network that is generated."""
        free = self.num_parameters - self.num_generator_parameters
        return HIDDEN_SIDE**2 * PIXELS_SIDE**2 + free


def _coordinates() -> Tensor:
    """[4, 256 * 784]: row and column of the hidden node, row and column of the pixel.

    A row for each coordinate: with long rows the generator takes two thirds of the time.
    """
    hidden, pixels = (torch.linspace(-1, 1, side) for side in (HIDDEN_SIDE, PIXELS_SIDE))
    return torch.cartesian_prod(hidden, hidden, pixels, pixels).T.contiguous()


BASELINE = Baseline(
    "a layer of 784 x 256 weights generated from their coordinates",
    CoordinateHypernetwork,
    GradientTrainer(epochs=30, batch=500, learning_rate=5e-3, warm_up=100),
    side=PIXELS_SIDE,
)
