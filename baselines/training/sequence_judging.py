"""Judging models of sequences by the scorer of weight-agnostic networks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.models.sequences.sequence_model import SequenceModel, TensorEpisodes
from envs.sequences.episodes import Episodes
from envs.sequences.scoring import scores


@dataclass(frozen=True)
class Judgement:
    """Means over episodes of the same kind."""

    episodes: int
    accuracy: float  # percent of answers: classes, bits or numbers
    exact: float  # percent of episodes without a wrong answer
    wrong_per_sequence: float  # answers, such as the bits of a copy
    before_error: float  # percent of judged steps before the first with a wrong answer
    cross_entropy: float  # nats of an answer; of numbers, the mean error

    @property
    def line(self) -> str:
        return f"{self.accuracy:.2f} % of answers, {self.exact:.2f} % of sequences, loss {self.cross_entropy:.4f}"


def judge(model: SequenceModel, batches: Iterable[Episodes]) -> Judgement:
    """Judge a model, in the mode that it has in tests, on batches of episodes."""
    was_training = model.training
    model.eval()
    found = [scores(outputs_of(model, episodes), episodes) for episodes in batches]
    model.train(was_training)
    answers, wrong, before, losses = (
        np.concatenate([np.asarray(getattr(score, name)).reshape(-1) for score in found])
        for name in ("answers", "wrong", "before_error", "losses")
    )
    loss = float(losses.sum() / answers.sum())
    return Judgement(
        len(answers),
        float(100 * (1 - wrong.sum() / answers.sum())),
        float(100 * (wrong == 0).mean()),
        float(wrong.mean()),
        float(100 * before.mean()),
        loss if math.isfinite(loss) else math.inf,
    )


def outputs_of(model: SequenceModel, episodes: Episodes) -> NDArray[np.float32]:
    """Outputs [1, T, B, O] of a model, as `envs.sequences.scoring.scores` takes them."""
    tensors = to_tensors(episodes, next(model.parameters()).device)
    with torch.inference_mode():
        return cast(NDArray[np.float32], model(tensors.inputs).cpu().numpy()[None])


def to_tensors(episodes: Episodes, device: torch.device) -> TensorEpisodes:
    """The same episodes on a device; numbers in float32, as models compute."""
    targets = episodes.targets.astype(np.float32) if episodes.targets.ndim == 3 else episodes.targets
    arrays = (episodes.inputs, targets, episodes.judged)
    return TensorEpisodes(*(torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays))
