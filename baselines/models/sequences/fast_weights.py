"""A recurrent network with fast weights (Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv 1610.06258).

The fast weights A(t) = lambda A(t-1) + eta h(t) h(t)^T (equation 1) are a matrix of each episode. Without it the same
product is an attention over all states before (equation 4): A(t) h = eta sum lambda^(t-tau) h(tau) (h(tau) . h), which
is faster while there are fewer steps than states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.framed import Cell, Frame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

_DIAGONAL = 0.05  # of the slow weights at the start (section 3)


@dataclass(frozen=True)
class FastWeightsFrame(Frame):
    """Settings of fast weights."""

    hidden: int = 50
    decay: float = 0.9  # lambda
    rate: float = 0.5  # eta
    inner_steps: int = 1  # S
    form: Literal["attention", "matrix"] = "attention"
    # A state enters the fast weights one step late, so that a step reads A(t-1): equation 1 to the letter learns less.
    late: bool = True


class FastWeightsCell(Cell):
    """R (R + E + 5) parameters; layer norm before each of both ReLUs (equation 5)."""

    def __init__(self, num_inputs: int, frame: FastWeightsFrame, generator: torch.Generator) -> None:
        super().__init__()
        self.num_states, self.frame = frame.hidden, frame
        self.recurrent = nn.Parameter(_DIAGONAL * torch.eye(frame.hidden))
        self.inputs, self.bias = glorot(generator, frame.hidden, num_inputs), zeros(frame.hidden)
        self.first_gain, self.first_shift = nn.Parameter(torch.ones(frame.hidden)), zeros(frame.hidden)
        self.inner_gain, self.inner_shift = nn.Parameter(torch.ones(frame.hidden)), zeros(frame.hidden)

    def forward(self, inputs: Tensor) -> Tensor:
        driven = functional.linear(inputs, self.inputs, self.bias)
        fast = (_Attention if self.frame.form == "attention" else _Matrix)(self.frame, driven)
        state, states = driven.new_zeros(driven.shape[1:]), []
        for now in driven.unbind():
            slow = torch.addmm(now, state, self.recurrent.T)  # W h(t) + C x(t)
            after = self._norm(slow, self.first_gain, self.first_shift)  # h_0(t+1)
            if not self.frame.late:
                fast.store(state)
            for _ in range(self.frame.inner_steps):
                after = self._norm(slow + fast.read(after), self.inner_gain, self.inner_shift)  # (2) and (5)
            if self.frame.late:
                fast.store(state)
            state = after
            states.append(state)
        return torch.stack(states)

    def _norm(self, values: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        return functional.layer_norm(values, (self.num_states,), gain, shift).relu()

    def memory(self, steps: int) -> int:
        """The state beside the matrix, or beside all states so far."""
        size = self.num_states
        return size + size * (size if self.frame.form == "matrix" else steps)


class _Matrix:
    """A, [B, R, R]."""

    def __init__(self, frame: FastWeightsFrame, like: Tensor) -> None:
        self._frame = frame
        self._fast = like.new_zeros(like.shape[1], frame.hidden, frame.hidden)

    def store(self, state: Tensor) -> None:
        outer = state[:, :, None] * state[:, None, :]
        self._fast = self._frame.decay * self._fast + self._frame.rate * outer  # (1)

    def read(self, state: Tensor) -> Tensor:
        return torch.bmm(self._fast, state[:, :, None])[:, :, 0]


class _Attention:
    """The same product, from the states that were stored, [B, n, R]."""

    def __init__(self, frame: FastWeightsFrame, like: Tensor) -> None:
        self._frame = frame
        self._stored: Tensor | None = None
        # Ages of stored states, the newest last.
        ages = torch.arange(len(like) - 1, -1, -1, device=like.device)
        self._weights = frame.rate * frame.decay**ages

    def store(self, state: Tensor) -> None:
        new = state[:, None]
        self._stored = new if self._stored is None else torch.cat([self._stored, new], 1)

    def read(self, state: Tensor) -> Tensor:
        if self._stored is None:
            return torch.zeros_like(state)
        weights = self._weights[-self._stored.shape[1] :]
        likeness = torch.bmm(self._stored, state[:, :, None]) * weights[:, None]
        return torch.bmm(likeness.transpose(1, 2), self._stored)[:, 0]  # (4)


def make_fast_weights(shape: SequenceShape, frame: FastWeightsFrame, generator: torch.Generator) -> SequenceModel:
    cell = FastWeightsCell(num_cell_inputs(shape, frame), frame, generator)
    return Framed(shape, frame, cell, generator)


BASELINE = SequenceBaseline(
    "a recurrent network with fast weights",
    FastWeightsFrame(),
    make_fast_weights,
    SequenceTrainer(learning_rate=5e-3),
)
