"""The LSTM with layer normalisation: two forms.

That of Ba, Kiros & Hinton 2016 (arXiv 1607.06450, equations 20 to 22) normalises what inputs and states say apart, all
gates together. That of Ha, Dai & Le 2016 (arXiv 1609.09106, the baseline of their HyperLSTM) normalises the sum, each
gate apart: a HyperLSTM whose scales are all 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.framed import Cell, DropoutFrame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot, orthogonal
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

FORGET_BIAS = 1.0  # at the start
_EPSILON = 1e-3  # of norms of sums


@dataclass(frozen=True)
class Normalised(DropoutFrame):
    """Settings of an LSTM with layer normalisation."""

    normalised: Literal["apart", "sums"] = "apart"  # see the module


class _NormedCell(Cell):
    """What both forms have; gates in the order f, i, o, g."""

    def __init__(self, num_inputs: int, frame: Normalised, generator: torch.Generator) -> None:
        super().__init__()
        num_hidden = self.num_states = frame.hidden
        self._dropout = frame.dropout
        self.recurrent = nn.Parameter(torch.cat([orthogonal(generator, num_hidden, num_hidden) for _ in range(4)]))
        self.inputs = glorot(generator, num_hidden, num_inputs, 4)

    def memory(self, steps: int) -> int:
        return 2 * self.num_states  # h and c


class LayerNormLSTMCell(_NormedCell):
    """Norms apart: 4 H (E + H + 5) + 2 H parameters."""

    def __init__(self, num_inputs: int, frame: Normalised, generator: torch.Generator) -> None:
        super().__init__(num_inputs, frame, generator)
        num_hidden = self.num_states
        # Gains and biases of the three layer norms: alpha_1..3 and beta_1..3.
        self.recurrent_gain, self.recurrent_shift = nn.Parameter(torch.ones(4 * num_hidden)), zeros(4 * num_hidden)
        self.input_gain, self.input_shift = nn.Parameter(torch.ones(4 * num_hidden)), zeros(4 * num_hidden)
        self.cell_gain, self.cell_shift = nn.Parameter(torch.ones(num_hidden)), zeros(num_hidden)
        self.bias = zeros(4 * num_hidden)
        with torch.no_grad():
            self.bias[:num_hidden] = FORGET_BIAS

    def forward(self, inputs: Tensor) -> Tensor:
        size, gates_size = (self.num_states,), (4 * self.num_states,)
        driven = functional.linear(inputs, self.inputs.flatten(0, 1))
        driven = functional.layer_norm(driven, gates_size, self.input_gain, self.input_shift) + self.bias
        hidden = cell = inputs.new_zeros(inputs.shape[1], self.num_states)
        states = []
        for now, kept in zip(driven.unbind(), self.kept_factors(inputs, self._dropout), strict=True):
            recurrent = functional.linear(hidden, self.recurrent)
            gates = now + functional.layer_norm(
                recurrent, gates_size, self.recurrent_gain, self.recurrent_shift
            )  # (20)
            forget, write, output = gates[:, : 3 * self.num_states].sigmoid().chunk(3, 1)
            cell = forget * cell + write * (gates[:, 3 * self.num_states :].tanh() * kept)  # (21)
            hidden = output * functional.layer_norm(cell, size, self.cell_gain, self.cell_shift).tanh()  # (22)
            states.append(hidden)
        return torch.stack(states)


class NormedSumsLSTMCell(_NormedCell):
    """Norms of sums: 4 H (E + H + 2) + 2 H parameters."""

    def __init__(self, num_inputs: int, frame: Normalised, generator: torch.Generator) -> None:
        super().__init__(num_inputs, frame, generator)
        num_hidden = self.num_states
        self.gain, self.shift = nn.Parameter(torch.ones(4, num_hidden)), zeros(4, num_hidden)
        self.cell_gain, self.cell_shift = nn.Parameter(torch.ones(num_hidden)), zeros(num_hidden)

    def forward(self, inputs: Tensor) -> Tensor:
        size, batch = (self.num_states,), inputs.shape[1]
        driven = functional.linear(inputs, self.inputs.flatten(0, 1))
        hidden = cell = inputs.new_zeros(batch, self.num_states)
        states = []
        for now, kept in zip(driven.unbind(), self.kept_factors(inputs, self._dropout), strict=True):
            sums = torch.addmm(now, hidden, self.recurrent.T).view(batch, 4, -1)
            gates = torch.addcmul(self.shift, functional.layer_norm(sums, size, eps=_EPSILON), self.gain)
            forget, write, output, new = gates.unbind(1)
            cell = (forget + FORGET_BIAS).sigmoid() * cell + write.sigmoid() * (new.tanh() * kept)
            norm = functional.layer_norm(cell, size, self.cell_gain, self.cell_shift, _EPSILON)
            hidden = output.sigmoid() * norm.tanh()
            states.append(hidden)
        return torch.stack(states)


def make_layer_norm_lstm(shape: SequenceShape, frame: Normalised, generator: torch.Generator) -> SequenceModel:
    kind = LayerNormLSTMCell if frame.normalised == "apart" else NormedSumsLSTMCell
    return Framed(shape, frame, kind(num_cell_inputs(shape, frame), frame, generator), generator)


BASELINE = SequenceBaseline(
    "an LSTM with layer normalisation", Normalised(), make_layer_norm_lstm, SequenceTrainer(learning_rate=3e-3)
)
