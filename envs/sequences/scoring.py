"""The one scorer of sequences, for weight-agnostic networks at W weights and for trained models (W = 1).

Outputs become answers by `envs.sequences.rules`. `envs.sequences.kernels` has the same measures in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.rules import TIE

_NUMBER, _ROUNDING = 0.5, 1e-6  # the largest error of a number that is right, and the largest relative one


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of the judged steps of B sequences at W weight settings. An answer is a class, or one bit of a step."""

    answers: NDArray[np.int64]  # [B] number judged: steps, or bits
    wrong: NDArray[np.int64]  # [W, B] number of them that are wrong
    before_error: NDArray[np.float64]  # [W, B] share of judged steps before the first with a wrong answer
    margins: NDArray[np.float64]  # [W, B] mean margin of right answers, in units of the outputs' size; -1 to 1
    losses: NDArray[np.float64]  # [W, B] summed cross-entropy (nats); of bits with outputs as logits

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """[W] share of answers that are right."""
        return 1 - self.wrong.sum(axis=1) / self.answers.sum()

    @property
    def exact(self) -> NDArray[np.float64]:
        """[W] share of sequences without a wrong answer."""
        return (self.wrong == 0).mean(axis=1)

    @property
    def wrong_per_sequence(self) -> NDArray[np.float64]:
        """[W] mean number of wrong answers in a sequence, such as the bits of a copy."""
        return self.wrong.mean(axis=1)

    @property
    def cross_entropy(self) -> NDArray[np.float64]:
        """[W] mean over answers (nats)."""
        return self.losses.sum(axis=1) / self.answers.sum()

    @property
    def graded(self) -> NDArray[np.float64]:
        """[W] a score that rises in small steps, for searches; see `graded`."""
        return graded(self.accuracy, self.margins.mean(axis=1), self.before_error.mean(axis=1))


def graded(accuracy: NDArray, margin: NDArray, before_error: NDArray) -> NDArray:
    """Combine three measures that networks improve in turn, to at most 1.2.

    Accuracy alone has plateaus. The margin rewards outputs that move apart before a class changes. The share before the
    first error rewards a state that is right from the start, where half of all later steps are right by chance.
    """
    return 0.5 * accuracy + 0.2 * margin + 0.5 * before_error


def scores(outputs: ArrayLike, episodes: Episodes) -> Scores:
    """Scores of the outputs of a network or model.

    Args:
        outputs: ``[W, T, B, O]``. A class is wrong if an output is NaN, and a bit if its own is.
        episodes: T steps of B sequences.

    Raises:
        ValueError: shapes that do not fit.
    """
    found: NDArray = np.asarray(outputs, np.float64)
    if found.ndim != 4 or found.shape[1:3] != episodes.judged.shape:
        expected = f"[W, {episodes.num_steps}, {len(episodes)}, O]"
        raise ValueError(f"expected outputs of shape {expected}, found {list(found.shape)}")
    with np.errstate(invalid="ignore", over="ignore"):
        right, margins, losses = _judge_of(episodes)(found, episodes.targets)
    judged = episodes.judged[:, :, None]  # [T, B, 1]
    right = right | ~judged
    clean = np.logical_and.accumulate(right.all(axis=-1), axis=1) & episodes.judged
    return Scores(
        episodes.num_answers,
        (~right).sum(axis=(1, 3)),
        clean.sum(axis=1) / episodes.judged.sum(axis=0),
        _scaled(margins, found, judged),
        np.where(judged, losses, 0).sum(axis=(1, 3)),
    )


def _judge_of(episodes: Episodes) -> Callable[[NDArray, NDArray], tuple[NDArray, NDArray, NDArray]]:
    if episodes.is_numbers:
        return _of_numbers
    return _of_bits if episodes.is_bits else _of_classes


def _of_numbers(outputs: NDArray, targets: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Right or not, margin and loss of every number, [W, T, B, O]."""
    errors = np.abs(outputs - targets)
    return errors < np.maximum(_NUMBER, _ROUNDING * np.abs(targets)), -errors, errors


def _of_classes(outputs: NDArray, targets: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Right or not, margin and loss of every step, [W, T, B, 1]."""
    largest = outputs.max(axis=-1, keepdims=True)
    chosen = np.where(np.isnan(largest[..., 0]), -1, (outputs >= largest - TIE).argmax(axis=-1))
    right = (chosen == targets)[..., None]
    own = np.take_along_axis(outputs, np.broadcast_to(targets, right.shape[:3])[..., None], axis=-1)
    is_own = np.arange(outputs.shape[-1]) == targets[..., None]
    others = np.where(is_own, -np.inf, outputs).max(axis=-1, keepdims=True)
    total = largest + np.log(np.exp(outputs - largest).sum(axis=-1, keepdims=True))
    return right, own - others, total - own


def _of_bits(outputs: NDArray, targets: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Right or not, margin and loss of every bit, [W, T, B, O]."""
    is_one = targets > 0.5
    right = ((outputs > TIE) == is_one) & ~np.isnan(outputs)
    margins = np.where(is_one, outputs, -outputs)
    return right, margins, np.logaddexp(0, -margins)


def _scaled(margins: NDArray, outputs: NDArray, judged: NDArray) -> NDArray[np.float64]:
    """Mean over the judged steps of margins in units of the sequence's outputs, clipped to 1, [W, B].

    The unit is the root mean square of the outputs at judged steps. A margin that is NaN counts -1.
    """
    count = judged.sum(axis=(0, 2))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        size = np.sqrt(np.where(judged, outputs**2, 0).sum(axis=(1, 3)) / (count * outputs.shape[-1]))[:, None, :, None]
        parts = np.where(size == 0, 0, margins / size)
    parts = np.where(np.isnan(parts), -1, np.clip(parts, -1, 1))
    return np.where(judged, parts, 0).sum(axis=(1, 3)) / (count * margins.shape[-1])
