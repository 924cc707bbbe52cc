"""The LSTM with forget gates (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000), as torch has it."""

from __future__ import annotations

from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from baselines.models.sequences.framed import Cell, Frame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

_Layer = TypeVar("_Layer", bound=nn.Module)


class LSTMCell(Cell):
    """Torch's fused LSTM, which has two biases: 4 H (E + H + 2) parameters."""

    def __init__(self, num_inputs: int, num_hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.num_states = num_hidden
        self.lstm = drawn(nn.LSTM, num_inputs, num_hidden, generator)
        with torch.no_grad():
            # Forget gates begin open (Gers, Schmidhuber & Cummins 2000); torch's order is i, f, g, o.
            cast(Tensor, self.lstm.bias_hh_l0)[num_hidden : 2 * num_hidden].fill_(1)

    def forward(self, inputs: Tensor) -> Tensor:
        states: Tensor = self.lstm(inputs)[0]
        return states

    def memory(self, steps: int) -> int:
        return 2 * self.num_states  # h and c


def drawn(kind: type[_Layer], num_inputs: int, num_hidden: int, generator: torch.Generator) -> _Layer:
    """A recurrent layer of torch, uniform in +-1 / sqrt(H) as torch has it, drawn from our generator."""
    layer: _Layer = kind(num_inputs, num_hidden, device="meta").to_empty(device="cpu")  # draws nothing by itself
    bound = num_hidden**-0.5
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


def make_lstm(shape: SequenceShape, frame: Frame, generator: torch.Generator) -> SequenceModel:
    cell = LSTMCell(num_cell_inputs(shape, frame), frame.hidden, generator)
    return Framed(shape, frame, cell, generator)


BASELINE = SequenceBaseline("an LSTM with forget gates", Frame(), make_lstm, SequenceTrainer(learning_rate=3e-3))
