"""A recurrent cell between an embedding of its inputs and a reader of its states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import normal, zeros
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot
from wann.errors import UserError


@dataclass(frozen=True)
class Frame:
    """Settings of all recurrent models. Ba et al. 2016 use 100 for both in associative retrieval."""

    hidden: int = 128  # numbers of the cell's state
    embedding: int = 0  # numbers that inputs are embedded in; 0: the cell gets the inputs
    readout: int = 0  # ReLUs between states and outputs; 0: none


@dataclass(frozen=True)
class DropoutFrame(Frame):
    """Settings of gated models in whose training some of what is written is dropped."""

    dropout: float = 0.0  # share of candidates that are not written, drawn anew in every step

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise UserError(key="model.dropout", expected="at least 0 and less than 1", found=str(self.dropout))


class Cell(nn.Module):
    """The recurrent part of a model: inputs [T, B, E] to states [T, B, S].

    Attributes:
        seed: of the dropout masks of the current update.
    """

    num_states: int  # S
    seed: int = 0

    def kept_factors(self, inputs: Tensor, dropout: float) -> Iterator[Tensor | float]:
        """For each step the factors of candidates, 0 where they are dropped.

        Recurrent dropout: Semeniuta et al. 2016, arXiv 1603.05118.
        """
        if not (self.training and dropout):
            return repeat(1.0, len(inputs))
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.rand(*inputs.shape[:2], self.num_states, generator=generator).to(inputs.device)
        return iter(((drawn >= dropout) / (1 - dropout)).unbind())

    def memory(self, steps: int) -> int:
        """See `SequenceModel.memory`."""
        return self.num_states


class Framed(SequenceModel):
    """Embedding (a matrix without bias), cell, ReLUs, and a linear map to the outputs.

    Embeddings are standard normal at the start. With those of Glorot & Bengio one input of many moves a state little:
    the cells of fast weights then give many keys the same code, and mix up their values for long.
    """

    def __init__(self, shape: SequenceShape, frame: Frame, cell: Cell, generator: torch.Generator) -> None:
        super().__init__(shape)
        self.embedding = normal(generator, 1, frame.embedding, shape.num_inputs) if frame.embedding else None
        self.cell = cell
        num_read = cell.num_states
        self.hidden = self.hidden_bias = None
        if frame.readout:
            self.hidden, self.hidden_bias = glorot(generator, frame.readout, num_read), zeros(frame.readout)
            num_read = frame.readout
        self.output, self.output_bias = glorot(generator, shape.num_outputs, num_read), zeros(shape.num_outputs)

    def begin_update(self, seed: int) -> None:
        """See `SequenceModel.begin_update`."""
        self.cell.seed = seed

    def embedded(self, inputs: Tensor) -> Tensor:
        """The cell's inputs [T, B, E]."""
        return inputs if self.embedding is None else functional.linear(inputs, self.embedding)

    def states(self, inputs: Tensor) -> Tensor:
        states: Tensor = self.cell(self.embedded(inputs))
        return states

    def read(self, states: Tensor) -> Tensor:
        if self.hidden is not None:
            states = functional.linear(states, self.hidden, self.hidden_bias).relu()
        return functional.linear(states, self.output, self.output_bias)

    def memory(self, steps: int) -> int:
        return self.cell.memory(steps)


def num_cell_inputs(shape: SequenceShape, frame: Frame) -> int:
    """Numbers that the cell of a framed model gets in each step."""
    return frame.embedding or shape.num_inputs
