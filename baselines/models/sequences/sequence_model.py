"""The base of all sequence models: inputs of all steps to outputs of all steps, and the loss of the judged ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Answers = Literal["classes", "bits", "numbers"]
_UNIT = 10.0  # of numbers in losses: their errors are counted in tens


@dataclass(frozen=True)
class SequenceShape:
    """The facts of a problem that a model is made for."""

    problem: str  # its name
    num_inputs: int
    num_outputs: int
    answers: Answers
    go: int | None = None  # the input that is 1 from the moment when answers are asked; None: there is none


@dataclass(frozen=True)
class TensorEpisodes:
    """Episodes of a problem as tensors, padded at their end."""

    inputs: Tensor  # [T, B, I] float32
    targets: Tensor  # [T, B] int64 classes, or [T, B, O] float32 bits or numbers
    judged: Tensor  # [T, B] bool


class SequenceModel(nn.Module):
    """A module of states, which are computed for all steps, and outputs, which are read from them.

    Every state is zero, or the model's own learned start, at the beginning of an episode.
    """

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        self.shape = shape

    def begin_update(self, seed: int) -> None:
        """Told before each update of training what the model's own draws in it depend on."""

    def states(self, inputs: Tensor) -> Tensor:
        """Numbers [T, B, S] that outputs are read from, of inputs [T, B, I]."""
        raise NotImplementedError

    def read(self, states: Tensor) -> Tensor:
        """Outputs [..., O] of states [..., S]: logits of classes or bits, or numbers."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs [T, B, O] of inputs [T, B, I]."""
        return self.read(self.states(inputs))

    def loss(self, episodes: TensorEpisodes, progress: float = 1.0) -> Tensor:
        """The loss that training lowers: of the answers, and of anything that a model's paper adds to it.

        Args:
            episodes: of one update.
            progress: the share of all updates that is done, for losses that change during training.
        """
        return self.answer_loss(self.states(episodes.inputs), episodes)

    def answer_loss(self, states: Tensor, episodes: TensorEpisodes) -> Tensor:
        """The mean over judged steps of the cross-entropy in nats; for numbers, of the Huber loss in tens."""
        outputs, targets = self.read(states[episodes.judged]), episodes.targets[episodes.judged]
        if self.shape.answers == "classes":
            return functional.cross_entropy(outputs, targets)
        if self.shape.answers == "bits":
            return functional.binary_cross_entropy_with_logits(outputs, targets)
        return functional.smooth_l1_loss(outputs / _UNIT, targets / _UNIT)

    def memory(self, steps: int) -> int:
        """Numbers that an episode carries from one step to the next, after ``steps`` steps."""
        raise NotImplementedError

    def figures(self, inputs: Tensor) -> Mapping[str, float]:
        """Further facts of the model on inputs [T, B, I], by name, such as its mean number of ponder steps."""
        return {}

    @property
    def num_parameters(self) -> int:
        """Trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters())


def glorot(generator: torch.Generator, rows: int, columns: int, *groups: int) -> nn.Parameter:
    """Matrices [*groups, rows, columns], uniform as in Glorot & Bengio 2010, equation (16)."""
    bound = (6 / (rows + columns)) ** 0.5
    return nn.Parameter(torch.empty(*groups, rows, columns).uniform_(-bound, bound, generator=generator))


def orthogonal(generator: torch.Generator, rows: int, columns: int) -> Tensor:
    """A matrix [rows, columns] whose rows or columns, the fewer of both, are orthonormal."""
    return nn.init.orthogonal_(torch.empty(rows, columns), generator=generator)
