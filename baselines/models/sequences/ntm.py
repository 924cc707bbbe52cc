"""Neural Turing machine (Graves, Wayne & Danihelka 2014, arXiv 1410.5401).

A step writes, then reads. Memory begins constant and both heads at slot 0, so that addresses depend on no parameter
but those of the heads, and the number of slots may change after training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.lstm import drawn
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

_FIRST_MEMORY = 1e-6
_LEAST = 1e-12  # of what is raised to a power, whose gradient at 0 is no number
_SHIFTS = 3  # backward, none, forward


@dataclass(frozen=True)
class TuringMachine:
    """Settings of a neural Turing machine."""

    controller: Literal["feed_forward", "lstm"] = "feed_forward"
    hidden: int = 100  # of the controller
    slots: int = 128  # N
    training_slots: int = 32  # of them during training, which is faster; enough for what is trained on
    width: int = 20  # M
    read_heads: int = 1
    write_heads: int = 1


class NTM(SequenceModel):
    """States are those of the controller and the vectors read."""

    def __init__(self, shape: SequenceShape, settings: TuringMachine, generator: torch.Generator) -> None:
        super().__init__(shape)
        self.settings = settings
        num_read, hidden = settings.read_heads * settings.width, settings.hidden
        num_seen = shape.num_inputs + num_read
        self.recurrent = drawn(nn.LSTMCell, num_seen, hidden, generator) if settings.controller == "lstm" else None
        if self.recurrent is None:
            self.controller, self.controller_bias = glorot(generator, hidden, num_seen), zeros(hidden)
        address = settings.width + 3 + _SHIFTS  # key, beta, g, shifts, gamma
        num_heads_say = settings.read_heads * address + settings.write_heads * (address + 2 * settings.width)
        self.heads, self.heads_bias = glorot(generator, num_heads_say, hidden), zeros(num_heads_say)
        self.first_read = zeros(num_read)
        self.output = glorot(generator, shape.num_outputs, hidden + num_read)
        self.output_bias = zeros(shape.num_outputs)

    def states(self, inputs: Tensor) -> Tensor:
        settings, batch = self.settings, inputs.shape[1]
        slots = settings.training_slots if self.training else settings.slots
        memory = inputs.new_full((batch, slots, settings.width), _FIRST_MEMORY)
        first = functional.one_hot(inputs.new_zeros((), dtype=torch.long), slots).to(inputs.dtype)
        reading, writing = (first.expand(batch, count, slots) for count in (settings.read_heads, settings.write_heads))
        read, carried, states = self.first_read.expand(batch, -1), None, []
        for now in inputs.unbind():
            hidden, carried = self._control(torch.cat([now, read], 1), carried)
            said = functional.linear(hidden, self.heads, self.heads_bias)
            to_read, to_write, erase, add = self._split(said)
            writing = address(to_write, memory, writing)
            memory = write(memory, writing, erase, add)
            reading = address(to_read, memory, reading)
            read = torch.bmm(reading, memory).flatten(1)  # (2)
            states.append(torch.cat([hidden, read], 1))
        return torch.stack(states)

    def read(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.output, self.output_bias)

    def _control(
        self, seen: Tensor, carried: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        if self.recurrent is None:
            return functional.linear(seen, self.controller, self.controller_bias).tanh(), None
        carried = self.recurrent(seen, carried)
        return carried[0], carried

    def _split(self, said: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the heads are told: addresses of those that read and write, erase and add vectors [B, heads, ...]."""
        settings = self.settings
        size = settings.width + 3 + _SHIFTS
        reading, writing = said.split(
            [settings.read_heads * size, settings.write_heads * (size + 2 * settings.width)], 1
        )
        writing = writing.view(len(said), settings.write_heads, -1)
        to_write, erase, add = writing.split([size, settings.width, settings.width], 2)
        return reading.view(len(said), settings.read_heads, size), to_write, erase.sigmoid(), add.tanh()

    def memory(self, steps: int) -> int:
        """All slots, what was read, both heads' weights, and the state of an LSTM controller."""
        settings = self.settings
        heads = settings.read_heads + settings.write_heads
        controller = 2 * settings.hidden if settings.controller == "lstm" else 0
        return settings.slots * (settings.width + heads) + settings.read_heads * settings.width + controller


def address(said: Tensor, memory: Tensor, before: Tensor) -> Tensor:
    """The weights of heads over slots, [B, heads, N].

    Args:
        said: [B, heads, M + 6], as the controller says it.
        memory: [B, N, M].
        before: [B, heads, N], those of the step before.
    """
    key, beta, gate, shift, gamma = said.split([memory.shape[2], 1, 1, _SHIFTS, 1], 2)
    key = functional.normalize(key.tanh(), dim=2, eps=1e-8)
    likeness = torch.bmm(key, functional.normalize(memory, dim=2, eps=1e-8).transpose(1, 2))  # (6)
    content = (functional.softplus(beta) * likeness).softmax(2)  # (5)
    gated = torch.lerp(before, content, gate.sigmoid())  # (7)
    back, stay, forward = shift.softmax(2).split(1, 2)
    shifted = stay * gated + forward * gated.roll(1, 2) + back * gated.roll(-1, 2)  # (8)
    sharp = (shifted + _LEAST) ** (1 + functional.softplus(gamma))
    return sharp / sharp.sum(2, keepdim=True)  # (9)


def write(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
    """Memory [B, N, M] after all heads have erased, and then all have added."""
    kept = (
        (1 - weights[..., None] * erase[:, :, None]).prod(1)
        if weights.shape[1] > 1
        else (1 - weights[:, 0, :, None] * erase[:, 0, None])
    )
    return torch.baddbmm(memory * kept, weights.transpose(1, 2), add)  # (3) and (4)


BASELINE = SequenceBaseline(
    "a neural Turing machine", TuringMachine(), NTM, SequenceTrainer(learning_rate=3e-3, batch=32)
)
