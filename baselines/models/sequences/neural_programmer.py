"""Neural Programmer for expressions of numbers (Neelakantan, Le & Sutskever 2015, arXiv 1511.04834).

A recurrent network reads the expression without the numbers' values, which are kept apart. In each of a few steps the
model chooses an operation and two operands, among the numbers and the results so far: softly in training, which
gradients need, and firmly in tests, which makes results exact for numbers of any size. There are no tables here, so
selectors are over numbers instead of columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.lstm import drawn
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, TensorEpisodes, glorot
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer
from envs.sequences.problems.arithmetic import NUMBER, VALUE, Arithmetic

OPERATIONS = 3  # sum, difference, product
NUMBERS = 3  # of an expression


@dataclass(frozen=True)
class Programmer:
    """Settings of a Neural Programmer."""

    hidden: int = 64  # of the network that reads, and of the one that remembers choices
    steps: int = 2  # operations
    # Factors of the choices' entropy in the loss, first and last: many programs are tried, then one is kept.
    first_entropy: float = -0.04
    last_entropy: float = 0.06


class NeuralProgrammer(SequenceModel):
    """Its state is the answer; each episode has one."""

    def __init__(self, shape: SequenceShape, settings: Programmer, generator: torch.Generator) -> None:
        super().__init__(shape)
        self.settings = settings
        hidden, slots = settings.hidden, NUMBERS + settings.steps - 1
        num_choices = OPERATIONS + 2 * slots
        self.slots = slots
        self.reader = drawn(nn.LSTM, shape.num_inputs - 1, hidden, generator)
        self.history, self.history_bias = glorot(generator, hidden, hidden + num_choices), zeros(hidden)
        self.thought, self.thought_bias = glorot(generator, hidden, 2 * hidden), zeros(hidden)
        self.choices, self.choices_bias = glorot(generator, num_choices, hidden), zeros(num_choices)

    def states(self, inputs: Tensor) -> Tensor:
        return self._run(inputs)[0].expand(len(inputs), -1)[..., None]

    def read(self, states: Tensor) -> Tensor:
        return states

    def loss(self, episodes: TensorEpisodes, progress: float = 1.0) -> Tensor:
        answers, entropy = self._run(episodes.inputs)
        settings = self.settings
        factor = settings.first_entropy + progress * (settings.last_entropy - settings.first_entropy)
        states = answers.expand(len(episodes.inputs), -1)[..., None]
        return self.answer_loss(states, episodes) + factor * entropy

    def _run(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Answers [B], and the mean entropy of a choice in nats."""
        question = self.reader(torch.cat([inputs[..., :VALUE], inputs[..., VALUE + 1 :]], 2))[0][-1]
        memory = _numbers(inputs)
        history, chosen = torch.zeros_like(question), question.new_zeros(len(question), OPERATIONS + 2 * self.slots)
        answer, entropies = memory.new_zeros(len(memory)), []
        for step in range(self.settings.steps):
            history = functional.linear(torch.cat([history, chosen], 1), self.history, self.history_bias).tanh()
            shares, entropy = self._choose(question, history, NUMBERS + step)
            operation, left, right = shares
            known = functional.pad(memory, (0, self.slots - memory.shape[1]))
            a, b = (left * known).sum(1), (right * known).sum(1)
            answer = (operation * torch.stack([a + b, a - b, a * b], 1)).sum(1)
            memory = torch.cat([memory, answer[:, None]], 1)
            chosen = torch.cat(shares, 1)
            entropies.append(entropy)
        return answer, torch.stack(entropies).mean()

    def _choose(self, question: Tensor, history: Tensor, available: int) -> tuple[tuple[Tensor, ...], Tensor]:
        """Shares of operations and of both operands, [B, n] each, and their mean entropy."""
        thought = functional.linear(torch.cat([question, history], 1), self.thought, self.thought_bias).tanh()
        logits = functional.linear(thought, self.choices, self.choices_bias)
        shares, entropies = [], []
        for part, count in zip(
            logits.split([OPERATIONS, self.slots, self.slots], 1), (OPERATIONS, available, available), strict=True
        ):
            logs = part[:, :count].log_softmax(1)
            entropies.append(-(logs.exp() * logs).sum(1).mean())
            share = logs.exp() if self.training else functional.one_hot(logs.argmax(1), count).to(logs.dtype)
            shares.append(functional.pad(share, (0, part.shape[1] - count)))
        return tuple(shares), torch.stack(entropies).mean()

    def memory(self, steps: int) -> int:
        """The reader's state, the numbers, the results, and the history of choices."""
        return 3 * self.settings.hidden + self.slots + OPERATIONS + 2 * self.slots


def _numbers(inputs: Tensor) -> Tensor:
    """The values [B, 3] of an expression's numbers in order."""
    is_number = inputs[..., NUMBER]
    place = is_number.cumsum(0)
    values = is_number * inputs[..., VALUE]
    return torch.stack([(values * (place == number + 1)).sum(0) for number in range(NUMBERS)], 1)


def is_arithmetic(shape: SequenceShape) -> str:
    """Fit for the problem whose inputs it knows."""
    return "" if shape.problem == Arithmetic.name else f"the task {Arithmetic.name}"


BASELINE = SequenceBaseline(
    "a program of chosen operations on the numbers of an expression",
    Programmer(),
    NeuralProgrammer,
    SequenceTrainer(learning_rate=2e-3),
    unfit=is_arithmetic,
)
