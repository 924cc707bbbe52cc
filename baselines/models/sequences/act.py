"""Adaptive computation time over a recurrent network of tanh (Graves 2016, arXiv 1603.08983)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.framed import Cell, Frame, Framed, num_cell_inputs
from baselines.models.sequences.sequence_model import (
    SequenceModel,
    SequenceShape,
    TensorEpisodes,
    glorot,
    orthogonal,
)
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

_FIRST_HALTING_BIAS = 1.0  # as published: few steps at the start


@dataclass(frozen=True)
class PonderFrame(Frame):
    """Settings of a network that takes several steps for each input."""

    time_penalty: float = 1e-3  # tau of the paper, for each step and episode
    epsilon: float = 0.01  # halting probabilities add up to 1 - epsilon
    most_steps: int = 50  # M, for each input
    steps: int = 0  # a fixed number of steps instead, without halting; 0: adaptive


class PonderCell(Cell):
    """s^n = tanh(W s^{n-1} + C x^n + b), where x^n has a flag that is 1 in the first step (equations 4 and 5)."""

    def __init__(self, num_inputs: int, frame: PonderFrame, generator: torch.Generator) -> None:
        super().__init__()
        self.num_states, self.frame = frame.hidden, frame
        self.recurrent = nn.Parameter(orthogonal(generator, frame.hidden, frame.hidden))
        self.inputs = glorot(generator, frame.hidden, num_inputs)
        self.flag, self.bias = glorot(generator, frame.hidden, 1), zeros(frame.hidden)
        if not frame.steps:
            self.halting = glorot(generator, 1, frame.hidden)
            self.halting_bias = nn.Parameter(torch.full((1,), _FIRST_HALTING_BIAS))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.pondered(inputs)[0]

    def pondered(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """States [T, B, S], steps N [T, B] and remainders R [T, B] (without halting: 0)."""
        driven = functional.linear(inputs, self.inputs, self.bias)
        state, found = driven.new_zeros(driven.shape[1:]), []
        for now in driven.unbind():
            result = self._fixed(now, state) if self.frame.steps else self._adaptive(now, state)
            state = result[0]
            found.append(result)
        states, steps, remainders = (torch.stack(parts) for parts in zip(*found, strict=True))
        return states, steps, remainders

    def _step(self, now: Tensor, state: Tensor, is_first: bool) -> Tensor:
        driven = now + self.flag[:, 0] if is_first else now
        return torch.addmm(driven, state, self.recurrent.T).tanh()

    def _fixed(self, now: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        for number in range(self.frame.steps):
            state = self._step(now, state, number == 0)
        return state, now.new_full(now.shape[:1], self.frame.steps), now.new_zeros(len(now))

    def _adaptive(self, now: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The mean of all steps' states under the halting distribution (equations 6 to 9 and 13)."""
        total = steps = remainder = now.new_zeros(len(now))  # total: of halting probabilities so far
        mean = torch.zeros_like(state)
        running = torch.ones_like(total, dtype=torch.bool)
        for number in range(self.frame.most_steps):
            state = self._step(now, state, number == 0)
            halting = functional.linear(state, self.halting, self.halting_bias)[:, 0].sigmoid()  # (6)
            is_last = number + 1 == self.frame.most_steps
            ends = running & ((total + halting >= 1 - self.frame.epsilon) | is_last)  # (7)
            share = torch.where(ends, 1 - total, halting) * running  # (8) and (9)
            mean = mean + share[:, None] * state  # (13)
            remainder, steps = torch.where(ends, share, remainder), steps + running
            total, running = total + share, running & ~ends
            if not running.any():
                break
        return mean, steps, remainder


class AdaptiveComputationTime(Framed):
    """A framed model whose outputs are linear, so that reading the mean state is the mean of all steps' outputs."""

    cell: PonderCell

    def loss(self, episodes: TensorEpisodes, progress: float = 1.0) -> Tensor:
        """The answers' loss and tau times the ponder cost N + R, summed over steps (equations 11 and 12)."""
        states, steps, remainders = self.cell.pondered(self.embedded(episodes.inputs))
        answers = self.answer_loss(states, episodes)
        if self.cell.frame.steps:
            return answers
        return answers + self.cell.frame.time_penalty * (steps.detach() + remainders).sum(0).mean()

    def figures(self, inputs: Tensor) -> Mapping[str, float]:
        return {"ponder_steps": float(self.cell.pondered(self.embedded(inputs))[1].mean())}


def make_act(shape: SequenceShape, frame: PonderFrame, generator: torch.Generator) -> SequenceModel:
    cell = PonderCell(num_cell_inputs(shape, frame), frame, generator)
    return AdaptiveComputationTime(shape, frame, cell, generator)


BASELINE = SequenceBaseline(
    "a recurrent network that chooses its number of steps for each input",
    PonderFrame(),
    make_act,
    SequenceTrainer(learning_rate=1e-3),
)
