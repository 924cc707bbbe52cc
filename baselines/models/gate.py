"""Gates: trained scores that decide which connections of a candidate graph are there, and which activations.

A gate of score s is open with probability p = sigmoid(s). It is rounded: open where p > 1/2. Gradients pass to the
score as if the gate had the value p (straight through; Bengio et al. 2013, arXiv 1308.3432). Where few may be open,
scores count from a threshold that all gates of a network share. With Gumbel noise the gate is drawn instead (Jang et
al. 2016, arXiv 1611.01144, with hard samples): open where s plus the difference of two Gumbel variables, which is
logistic, is above 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Noise:
    """Gumbel noise on all gates of a batch."""

    generator: torch.Generator  # a CPU's, so that a seed draws the same numbers wherever training runs
    size: float  # factor of the noise

    def gumbel(self, scores: Tensor) -> Tensor:
        """Independent Gumbel variables times ``size``, in the shape of the scores."""
        drawn = torch.empty(scores.shape).exponential_(generator=self.generator)
        return -self.size * drawn.log().to(scores.device)


def opened(scores: Tensor, noise: Noise | None = None) -> Tensor:
    """Gates that are 1 or 0, in the shape of their scores."""
    if noise is not None:
        scores = scores + (noise.gumbel(scores) - noise.gumbel(scores))
    return _Rounded.apply(scores)


def signed(scores: Tensor, threshold: Tensor) -> Tensor:
    """Gates of three states, 1, 0 and -1: a connection that adds, none, and one that subtracts.

    A gate is open where its score is farther from 0 than the threshold, and gradients are those of tanh(score).
    """
    return _SignBeyond.apply(scores, threshold)


def chosen(scores: Tensor, noise: Noise | None = None) -> Tensor:
    """1 at the largest score of each row [N, K] and 0 elsewhere; gradients are those of softmax."""
    if noise is not None:
        scores = scores + noise.gumbel(scores)
    shares = scores.softmax(1)
    picked = torch.zeros_like(shares).scatter(1, scores.argmax(1, keepdim=True), 1)
    return picked + (shares - shares.detach())


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, scores: Tensor) -> Tensor:
        context.save_for_backward(scores)
        return (scores > 0).to(scores.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        open_ = context.saved_tensors[0].sigmoid()
        return gradients[0] * open_ * (1 - open_)


class _SignBeyond(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, scores: Tensor, threshold: Tensor) -> Tensor:
        context.save_for_backward(scores)
        return scores.sign() * (scores.abs() > threshold)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        values = context.saved_tensors[0].tanh()
        return gradients[0] * (1 - values * values), None
