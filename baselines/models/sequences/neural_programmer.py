"""Neural Programmer for expressions of numbers (Neelakantan, Le & Sutskever 2015, arXiv 1511.04834).

A recurrent network reads the expression without the numbers' values, which are kept apart. In each of a few steps the
model chooses an operation and two operands, among the numbers and the results so far. Choices are firm in tests, which
makes results exact for numbers of any size. There are no tables here, so selectors are over numbers instead of columns.

In training, which needs gradients, the paper mixes the results of a step by the choices' probabilities. With two
operations this gets stuck where the last one alone is nearly right: the first is then not used, so that its choice has
no gradient. Here training raises the probability of a right answer over all programs by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    # Training mixes by probabilities the results of each step, as published (``values``), or the likelihoods of all
    # programs, of which two steps have 1,296.
    mixed: Literal["programs", "values"] = "programs"
    # Factors of the choices' entropy in the loss, first and last: many programs are tried, then one is kept.
    first_entropy: float = -0.04
    last_entropy: float = 0.06


class NeuralProgrammer(SequenceModel):
    """Its state is the answer; each episode has one."""

    def __init__(self, shape: SequenceShape, settings: Programmer, generator: torch.Generator) -> None:
        super().__init__(shape)
        self.settings = settings
        hidden, slots = settings.hidden, NUMBERS + settings.steps - 1
        self.num_choices = num_choices = OPERATIONS + 2 * slots
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
        settings = self.settings
        factor = settings.first_entropy + progress * (settings.last_entropy - settings.first_entropy)
        if settings.mixed == "programs":
            answers, logs, entropy = self.all_programs(episodes.inputs)
            return program_loss(answers, logs, episodes.targets[episodes.judged]) + factor * entropy
        answer, entropy = self._run(episodes.inputs)
        states = answer.expand(len(episodes.inputs), -1)[..., None]
        return self.answer_loss(states, episodes) + factor * entropy

    def all_programs(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Answers [B, n] of all n programs, logarithms of their probabilities, and the mean entropy of a choice."""
        batch, entropies = inputs.shape[1], []
        question, memory = self._read(inputs), _numbers(inputs)
        history, chosen = torch.zeros_like(question), question.new_zeros(batch, self.num_choices)
        logs = question.new_zeros(batch)
        for step in range(self.settings.steps):
            # One row for each episode and each program so far.
            question, history = (rows.repeat_interleave(len(memory) // len(rows), 0) for rows in (question, history))
            history = self._remember(history, chosen)
            parts = self._choose(question, history, NUMBERS + step)
            entropies.append((logs.exp() * _entropy(parts)).sum() / batch)
            together = _together(parts)
            chosen = self._one_hot(together.shape[1:]).to(memory).repeat(len(memory), 1)
            results = torch.stack(_applied(memory[:, :, None], memory[:, None, :]), 1).flatten(1)
            logs = (logs[:, None] + together.flatten(1)).flatten()
            memory = torch.cat([memory.repeat_interleave(results.shape[1], 0), results.reshape(-1, 1)], 1)
        return memory[:, -1].view(batch, -1), logs.view(batch, -1), torch.stack(entropies).mean()

    def _run(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Answers [B], and the mean entropy of a choice in nats."""
        question, memory = self._read(inputs), _numbers(inputs)
        history, chosen = torch.zeros_like(question), question.new_zeros(len(question), self.num_choices)
        answer, entropies = memory.new_zeros(len(memory)), []
        for step in range(self.settings.steps):
            history = self._remember(history, chosen)
            parts = self._choose(question, history, NUMBERS + step)
            operation, left, right = (logs.exp() if self.training else _firm(logs) for logs in parts)
            answer = (operation * torch.stack(_applied((left * memory).sum(1), (right * memory).sum(1)), 1)).sum(1)
            memory = torch.cat([memory, answer[:, None]], 1)
            chosen = torch.cat([operation, *(self._padded(share) for share in (left, right))], 1)
            entropies.append(_entropy(parts).mean())
        return answer, torch.stack(entropies).mean()

    def _read(self, inputs: Tensor) -> Tensor:
        """The expression without its values, [B, H]."""
        read: Tensor = self.reader(torch.cat([inputs[..., :VALUE], inputs[..., VALUE + 1 :]], 2))[0][-1]
        return read

    def _remember(self, history: Tensor, chosen: Tensor) -> Tensor:
        return functional.linear(torch.cat([history, chosen], 1), self.history, self.history_bias).tanh()

    def _choose(self, question: Tensor, history: Tensor, available: int) -> tuple[Tensor, Tensor, Tensor]:
        """Logarithms of the probabilities of operations [B, 3] and of both operands [B, available]."""
        thought = functional.linear(torch.cat([question, history], 1), self.thought, self.thought_bias).tanh()
        logits = functional.linear(thought, self.choices, self.choices_bias)
        operation, left, right = logits.split([OPERATIONS, self.slots, self.slots], 1)
        return operation.log_softmax(1), left[:, :available].log_softmax(1), right[:, :available].log_softmax(1)

    def _padded(self, shares: Tensor) -> Tensor:
        """Shares of operands [B, slots]: results that are not there yet have none."""
        return functional.pad(shares, (0, self.slots - shares.shape[1]))

    def _one_hot(self, counts: torch.Size) -> Tensor:
        """All choices [n, choices] of an operation, a left and a right operand; the last one changes first."""
        picked = torch.cartesian_prod(*(torch.arange(count) for count in counts)).T
        sizes = (OPERATIONS, self.slots, self.slots)
        return torch.cat([functional.one_hot(part, size) for part, size in zip(picked, sizes, strict=True)], 1)

    def memory(self, steps: int) -> int:
        """The reader's state, the numbers, the results, and the history of choices."""
        return 3 * self.settings.hidden + self.slots + self.num_choices


def program_loss(answers: Tensor, logs: Tensor, targets: Tensor) -> Tensor:
    """The mean negative logarithm of the likelihood of targets [B, 1], which are the answer plus Laplace noise.

    Args:
        answers: of all programs, [B, n].
        logs: of the programs' probabilities, [B, n].
        targets: the right answers; the noise has the scale 1.
    """
    return -(logs - (answers - targets).abs()).logsumexp(1).mean()


def _applied(left: Tensor, right: Tensor) -> list[Tensor]:
    """Results of all operations."""
    return [left + right, left - right, left * right]


def _together(parts: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Logarithms [B, operations, left, right] of the probabilities of all choices of a step."""
    operation, left, right = parts
    return operation[:, :, None, None] + left[:, None, :, None] + right[:, None, None, :]


def _firm(logs: Tensor) -> Tensor:
    """1 for the most probable choice of each row."""
    return functional.one_hot(logs.argmax(1), logs.shape[1]).to(logs.dtype)


def _entropy(parts: tuple[Tensor, ...]) -> Tensor:
    """The mean entropy [B] of some choices in nats."""
    return torch.stack([-(logs.exp() * logs).sum(1) for logs in parts]).mean(0)


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
    SequenceTrainer(learning_rate=2e-3, batch=32),
    unfit=is_arithmetic,
)
