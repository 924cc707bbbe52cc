"""Scores of a model on images, by the kernel that scores weight-agnostic champions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from baselines.models.model import Model
from baselines.training.examples import Examples

_BLOCK = 1000  # images at once


@dataclass(frozen=True)
class Score:
    """Scores on the images of a part."""

    accuracy: float  # percent
    cross_entropy: float  # mean, in nats


def score(model: Model, examples: Examples) -> Score:
    """Score all images; weights are computed once."""
    from wann.kernels.cross_entropy import score as score_logits

    with torch.inference_mode():
        weights = model.weights()
        logits = torch.cat([model.logits(block, weights) for block in examples.inputs.split(_BLOCK)])
    losses, correct = np.zeros(1), np.zeros(1, np.int64)
    score_logits(np.ascontiguousarray(logits.T[None].cpu().numpy()), examples.labels.cpu().numpy(), losses, correct)
    return Score(100 * int(correct[0]) / len(examples), float(losses[0]) / len(examples))
