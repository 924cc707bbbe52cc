"""An encoder and a decoder with attention (Bahdanau, Cho & Bengio 2014, arXiv 1409.0473).

The encoder reads the question in both directions. The decoder answers from the step of the go flag on; it is fed its
own answers' probabilities, in training as in tests, and never a target.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.models.model import zeros
from baselines.models.sequences.lstm import drawn
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape, glorot
from baselines.sequence_baseline import SequenceBaseline, asks_questions
from baselines.training.on_sequences import SequenceTrainer


@dataclass(frozen=True)
class EncoderDecoder:
    """Settings of an encoder and decoder."""

    hidden: int = 64  # of the decoder
    encoder: int = 32  # of the encoder, in each direction
    alignment: int = 32  # of the network that compares a decoder's state with the encoder's
    attention: bool = True  # False: every answer sees the encoder's last states alone


class AttentionModel(SequenceModel):
    """States are the outputs themselves, since answers are fed back. Before the go flag they are 0."""

    def __init__(self, shape: SequenceShape, settings: EncoderDecoder, generator: torch.Generator) -> None:
        super().__init__(shape)
        self.settings = settings
        encoder, hidden, aligned = settings.encoder, settings.hidden, settings.alignment
        self.forwards = drawn(nn.GRU, shape.num_inputs, encoder, generator)
        self.backwards = drawn(nn.GRU, shape.num_inputs, encoder, generator)
        self.first, self.first_bias = glorot(generator, hidden, encoder), zeros(hidden)
        if settings.attention:
            self.compare_state, self.compare_bias = glorot(generator, aligned, hidden), zeros(aligned)
            self.compare_notes = glorot(generator, aligned, 2 * encoder)
            self.likeness = glorot(generator, 1, aligned)
        self.decoder = drawn(nn.GRUCell, shape.num_outputs + 2 * encoder, hidden, generator)
        self.output = glorot(generator, shape.num_outputs, hidden + 2 * encoder)
        self.output_bias = zeros(shape.num_outputs)

    def states(self, inputs: Tensor) -> Tensor:
        assert self.shape.go is not None
        steps = len(inputs)
        asked = inputs[:, :, self.shape.go].cumsum(0) > 0  # [T, B]
        starts = (~asked).sum(0)  # [B], the step of the flag
        longest = int(starts.max())
        notes, last = self._encode(inputs[:longest], starts)
        answers = torch.stack(self._decode(notes, last, ~asked[:longest].T, steps - int(starts.min())))
        places = (torch.arange(steps, device=inputs.device)[:, None] - starts).clamp(0, len(answers) - 1)
        return answers.gather(0, places[..., None].expand(-1, -1, answers.shape[2])) * asked[..., None]

    def read(self, states: Tensor) -> Tensor:
        return states

    def _encode(self, question: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Notes [B, Q, 2 E] of each step of questions [Q, B, I], and the backward state at the first [B, E]."""
        turned = _turned(question, lengths)
        forwards, backwards = self.forwards(question)[0], _turned(self.backwards(turned)[0], lengths)
        return torch.cat([forwards, backwards], 2).transpose(0, 1), backwards[0]

    def _decode(self, notes: Tensor, last: Tensor, is_question: Tensor, steps: int) -> list[Tensor]:
        """Outputs [B, O] of each step after the flag."""
        state = functional.linear(last, self.first, self.first_bias).tanh()
        said = state.new_zeros(len(state), self.shape.num_outputs)
        compared = functional.linear(notes, self.compare_notes, self.compare_bias) if self.settings.attention else None
        summary = torch.cat([_at_end(notes, is_question), last], 1)
        answers = []
        for _ in range(steps):
            context = summary if compared is None else self._attend(state, notes, compared, is_question)
            state = self.decoder(torch.cat([said, context], 1), state)
            answer = functional.linear(torch.cat([state, context], 1), self.output, self.output_bias)
            said = answer.softmax(1) if self.shape.answers == "classes" else answer.sigmoid()
            answers.append(answer)
        return answers

    def _attend(self, state: Tensor, notes: Tensor, compared: Tensor, is_question: Tensor) -> Tensor:
        """c_i = sum_j alpha_ij h_j, alpha = softmax_j(v^T tanh(W s_{i-1} + U h_j)) (section 3.1, appendix A.1.2)."""
        mixed = (functional.linear(state, self.compare_state)[:, None] + compared).tanh()
        energies = functional.linear(mixed, self.likeness)[..., 0].masked_fill(~is_question, -torch.inf)
        return torch.bmm(energies.softmax(1)[:, None], notes)[:, 0]

    def memory(self, steps: int) -> int:
        """All notes, at most one for each step, and the decoder's state and answer."""
        notes = steps if self.settings.attention else 1
        return notes * 2 * self.settings.encoder + self.settings.hidden + self.shape.num_outputs


def _turned(values: Tensor, lengths: Tensor) -> Tensor:
    """Sequences [Q, B, ...] back to front, each within its own length."""
    places = torch.arange(len(values), device=values.device)[:, None]
    turned = torch.where(places < lengths, lengths - 1 - places, places)
    return values.gather(0, turned[..., None].expand_as(values))


def _at_end(notes: Tensor, is_question: Tensor) -> Tensor:
    """The forward half [B, E] of the notes of each question's last step."""
    last = (is_question.sum(1) - 1).clamp(0)
    return notes[torch.arange(len(notes)), last, : notes.shape[2] // 2]


BASELINE = SequenceBaseline(
    "an encoder and a decoder with attention",
    EncoderDecoder(),
    AttentionModel,
    SequenceTrainer(learning_rate=3e-3),
    unfit=asks_questions,
)
