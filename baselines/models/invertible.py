"""An invertible residual network (Behrmann et al. 2018, arXiv 1811.00995), whose features become pictures again.

Each block is y = x + g(x), where g is two dense layers with ELU between them. If the Lipschitz constant of g is below 1
the block is invertible (theorem 1), and x is the fixed point of x = y - g(x) (algorithm 1). ELU has Lipschitz constant
1, so it is enough that both matrices have spectral norms below 1. A matrix W of spectral norm s is used as c W / s if
s > c (section 2.1). s is estimated by power iteration, two steps for each batch of training. A linear layer reads the
class from the features, the values after the last block: whatever the network has seen of a picture is still in them.
The network of the paper is convolutional; this one is dense.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.baseline import Baseline
from baselines.models.model import Model, Problem, normal, zeros
from baselines.training.by_gradients import GradientTrainer
from wann.torch.device import one_thread

BLOCKS, HIDDEN = 6, 128
NORM = 0.9  # c, the largest spectral norm of a matrix
ITERATIONS = 100  # of the fixed point of a block: g contracts by at least c * c, and c ** 200 is 7e-10
_FIRST_POWER_STEPS, _POWER_STEPS = 50, 2  # of the power iteration, before training and for each batch


class InvertibleNetwork(Model):
    """6 (I * 128 * 2 + 128 + I) parameters of blocks, and (I + 1) * O of the classifier."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        size = problem.num_inputs
        shapes = [(HIDDEN, size), (size, HIDDEN)] * BLOCKS
        self.matrices = nn.ParameterList(normal(generator, columns**-0.5, rows, columns) for rows, columns in shapes)
        self.biases = nn.ParameterList(zeros(rows) for rows, _ in shapes)
        self.output = normal(generator, size**-0.5, problem.num_outputs, size)
        self.output_bias = zeros(problem.num_outputs)
        for number, (rows, _) in enumerate(shapes):
            # The left singular vector of the largest singular value, as far as it is known.
            self.register_buffer(f"left{number}", functional.normalize(normal(generator, 1, rows).detach(), dim=0))
        self._follow(_FIRST_POWER_STEPS)

    def weights(self) -> tuple[Tensor, ...]:
        """The matrices of all blocks, with spectral norms of at most 0.9."""
        return tuple(_limited(matrix, left) for matrix, left in zip(self.matrices, self._lefts(), strict=True))

    def weights_of_batch(self) -> tuple[Tensor, ...]:
        """See `Model.weights_of_batch`: the power iteration follows the matrices."""
        self._follow(_POWER_STEPS)
        return self.weights()

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        return functional.linear(self.features(inputs, weights), self.output, self.output_bias)

    def features(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        """The values [B, I] after the last block."""
        values = inputs
        for block in range(BLOCKS):
            values = values + self._residue(block, values, weights)
        return values

    def inverse(self, features: Tensor, weights: tuple[Tensor, ...], iterations: int = ITERATIONS) -> Tensor:
        """The inputs [B, I] of features [B, I], by fixed-point iteration."""
        values = features
        for block in reversed(range(BLOCKS)):
            after = values
            for _ in range(iterations):
                values = after - self._residue(block, values, weights)
        return values

    def figures(self, inputs: Tensor) -> dict[str, float]:
        """The largest error of a pixel after inversion, and the largest spectral norm, exactly."""
        with torch.inference_mode(), one_thread(inputs.device.type):
            weights = self.weights()
            error = (self.inverse(self.features(inputs, weights), weights) - inputs).abs().max()
            return {"inversion_error": float(error), "spectral_norm": max(map(spectral_norm, weights))}

    def _residue(self, block: int, values: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        first, second = 2 * block, 2 * block + 1
        hidden = functional.elu(functional.linear(values, weights[first], self.biases[first]))
        return functional.linear(hidden, weights[second], self.biases[second])

    def _lefts(self) -> list[Tensor]:
        return [cast(Tensor, getattr(self, f"left{number}")) for number in range(2 * BLOCKS)]

    @torch.no_grad()
    def _follow(self, steps: int) -> None:
        """Some steps of the power iteration for each matrix."""
        for matrix, left in zip(self.matrices, self._lefts(), strict=True):
            for _ in range(steps):
                right = functional.normalize(matrix.T @ left, dim=0)
                left.copy_(functional.normalize(matrix @ right, dim=0))


def spectral_norm(matrix: Tensor) -> float:
    """The largest singular value, exactly."""
    return float(torch.linalg.matrix_norm(matrix.double(), 2))


def _limited(matrix: Tensor, left: Tensor) -> Tensor:
    """The matrix, scaled to the norm c if it has a larger one. The singular vectors count as constants."""
    right = functional.normalize(matrix.detach().T @ left, dim=0)
    norm = left @ matrix @ right
    return matrix * (NORM / norm).clamp(max=1)


BASELINE = Baseline(
    "an invertible residual network of 6 dense blocks",
    InvertibleNetwork,
    GradientTrainer(epochs=20, learning_rate=2e-3),
)
