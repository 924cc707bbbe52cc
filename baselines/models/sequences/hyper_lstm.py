"""HyperLSTM: a small LSTM scales the rows of a larger one's weights in every step (Ha, Dai & Le 2016).

arXiv 1609.09106, section 3 and appendix A; hatted symbols are of the small LSTM. As in the authors' code, a step's z
come from the small state of the same step. The paper's recurrent dropout is off by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import normal, zeros
from baselines.models.sequences.framed import Cell, DropoutFrame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot, orthogonal
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

EPSILON = 1e-3  # of the layer norms
FORGET_BIAS = 1.0
_SIGMA = 0.01  # of the weights of z_b at the start


@dataclass(frozen=True)
class HyperFrame(DropoutFrame):
    """Settings of a HyperLSTM."""

    hidden: int = 106
    small: int = 24  # numbers of the small LSTM's state
    code: int = 4  # numbers of each z, N_z
    scale: float = 0.1  # d_h and d_x at the start. Layer norms cancel it, but the larger, the less an update changes d


class HyperLSTMCell(Cell):
    """Gates in the order i, g, f, o. Groups of z in the order h, x, b, each of four gates."""

    def __init__(self, num_inputs: int, frame: HyperFrame, generator: torch.Generator) -> None:
        super().__init__()
        num_hidden, small, code = frame.hidden, frame.small, frame.code
        self.num_states, self.num_small, self.code = num_hidden, small, code
        self._dropout = frame.dropout
        self.small_inputs = glorot(generator, small, num_inputs, 4)
        self.small_hidden = glorot(generator, small, num_hidden, 4)
        self.small_recurrent = _orthogonal_gates(generator, small)
        self.small_gain, self.small_shift = nn.Parameter(torch.ones(4, small)), zeros(4, small)
        self.small_cell_gain, self.small_cell_shift = nn.Parameter(torch.ones(small)), zeros(small)
        self.scale_codes, self.scale_code_bias = zeros(8 * code, small), nn.Parameter(torch.ones(8 * code))
        self.bias_codes = normal(generator, _SIGMA, 4 * code, small)
        self.scales = nn.Parameter(torch.full((8, code, num_hidden), frame.scale / code))
        self.biases, self.bias = zeros(4, code, num_hidden), zeros(4, num_hidden)
        self.inputs = glorot(generator, num_hidden, num_inputs, 4)
        self.recurrent = _orthogonal_gates(generator, num_hidden)
        self.gain, self.shift = nn.Parameter(torch.ones(4, num_hidden)), zeros(4, num_hidden)
        self.cell_gain, self.cell_shift = nn.Parameter(torch.ones(num_hidden)), zeros(num_hidden)

    def forward(self, inputs: Tensor) -> Tensor:
        steps, batch, _ = inputs.shape
        driven = functional.linear(inputs, self.inputs.flatten(0, 1)).view(steps, batch, 4, -1).transpose(1, 2)
        small_driven = functional.linear(inputs, self.small_inputs.flatten(0, 1))
        fixed = self._fixed()
        hidden = cell = inputs.new_zeros(batch, self.num_states)
        small = small_cell = inputs.new_zeros(batch, self.num_small)
        states = []
        factors = self.kept_factors(inputs, self._dropout)
        for now, small_now, kept in zip(driven.unbind(), small_driven.unbind(), factors, strict=True):
            small, small_cell = self._small_step(small_now, hidden, small, small_cell)
            hidden, cell = self._step(now, hidden, cell, self._modulation(small, fixed), kept)
            states.append(hidden)
        return torch.stack(states)

    def _fixed(self) -> tuple[Tensor, ...]:
        """Parameters put together once for all steps: of codes, their biases, scales, and their biases."""
        no_bias = self.bias.new_zeros(4 * self.code)
        base = torch.cat([self.bias.new_zeros(8, self.num_states), self.bias])[:, None]
        return (
            torch.cat([self.scale_codes, self.bias_codes]),
            torch.cat([self.scale_code_bias, no_bias]),
            torch.cat([self.scales, self.biases]),
            base,
        )

    def _small_step(self, now: Tensor, hidden: Tensor, small: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """The small LSTM on [h_{t-1}; x_t], of which ``now`` is the part of x_t."""
        gates = torch.addmm(now, hidden, self.small_hidden.flatten(0, 1).T)
        gates = torch.addmm(gates, small, self.small_recurrent.flatten(0, 1).T).view(len(now), 4, -1)
        gates = torch.addcmul(self.small_shift, _normal(gates), self.small_gain)
        write, new, forget, output = gates.unbind(1)
        cell = (forget + FORGET_BIAS).sigmoid() * cell + write.sigmoid() * new.tanh()
        norm = functional.layer_norm(cell, (self.num_small,), self.small_cell_gain, self.small_cell_shift, EPSILON)
        return output.sigmoid() * norm.tanh(), cell

    def _modulation(self, small: Tensor, fixed: tuple[Tensor, ...]) -> Tensor:
        """d_h, d_x and d_b [12, B, H]: z = W h^ + b, then d = W_z z (and + b_0 for d_b)."""
        codes, code_bias, scales, base = fixed
        z = functional.linear(small, codes, code_bias).view(len(small), 12, self.code)
        return torch.baddbmm(base, z.transpose(0, 1), scales)

    def _step(
        self, now: Tensor, hidden: Tensor, cell: Tensor, modulation: Tensor, kept: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        """y = LN(d_h * W_h h + d_x * W_x x + d_b) for each gate; ``now`` is W_x x [4, B, H], ``kept`` of dropout."""
        recurrent = torch.matmul(hidden, self.recurrent.transpose(1, 2))
        gates = torch.addcmul(modulation[8:], modulation[:4], recurrent) + modulation[4:8] * now
        gates = torch.addcmul(self.shift[:, None], _normal(gates), self.gain[:, None])
        write, new, forget, output = gates.unbind()
        cell = (forget + FORGET_BIAS).sigmoid() * cell + write.sigmoid() * (new.tanh() * kept)
        norm = functional.layer_norm(cell, (self.num_states,), self.cell_gain, self.cell_shift, EPSILON)
        return output.sigmoid() * norm.tanh(), cell

    def memory(self, steps: int) -> int:
        return 2 * (self.num_states + self.num_small)  # h and c of both


def _normal(gates: Tensor) -> Tensor:
    """Each gate with mean 0 and variance 1."""
    return functional.layer_norm(gates, gates.shape[-1:], eps=EPSILON)


def _orthogonal_gates(generator: torch.Generator, size: int) -> nn.Parameter:
    """[4, size, size]."""
    return nn.Parameter(torch.stack([orthogonal(generator, size, size) for _ in range(4)]))


def make_hyper_lstm(shape: SequenceShape, frame: HyperFrame, generator: torch.Generator) -> SequenceModel:
    return Framed(shape, frame, HyperLSTMCell(num_cell_inputs(shape, frame), frame, generator), generator)


BASELINE = SequenceBaseline(
    "an LSTM whose weights a small LSTM scales in every step",
    HyperFrame(),
    make_hyper_lstm,
    SequenceTrainer(learning_rate=3e-3),
)
