"""The simple recurrent network of Elman 1990, with tanh."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.framed import Cell, Frame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot, orthogonal
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer


class SimpleCell(Cell):
    """h_t = f(W h_{t-1} + C x_t + b)."""

    def __init__(self, recurrent: Tensor, inputs: nn.Parameter, rectified: bool = False) -> None:
        super().__init__()
        self.num_states = len(recurrent)
        self.recurrent, self.inputs, self.bias = nn.Parameter(recurrent), inputs, zeros(len(recurrent))
        self.rectified = rectified  # ReLU instead of tanh

    def forward(self, inputs: Tensor) -> Tensor:
        driven = functional.linear(inputs, self.inputs, self.bias)  # of all steps at once
        state, states = driven.new_zeros(driven.shape[1:]), []
        for now in driven.unbind():
            state = torch.addmm(now, state, self.recurrent.T)
            state = state.relu() if self.rectified else state.tanh()
            states.append(state)
        return torch.stack(states)


def make_rnn(shape: SequenceShape, frame: Frame, generator: torch.Generator) -> SequenceModel:
    """Orthogonal recurrent weights at the start."""
    inputs = glorot(generator, frame.hidden, num_cell_inputs(shape, frame))
    return Framed(shape, frame, SimpleCell(orthogonal(generator, frame.hidden, frame.hidden), inputs), generator)


BASELINE = SequenceBaseline("a recurrent network of tanh", Frame(), make_rnn, SequenceTrainer(learning_rate=1e-3))
