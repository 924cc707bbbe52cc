"""The shared weights of a search: fixed ones, and those drawn afresh in each generation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, SampledWeights
from wann.randomness import Purpose, keyed_rng


def weights_of(evaluation: EvaluationConfig, seed: int, generation: int) -> NDArray[np.float64]:
    """The weights [W] of one generation: the fixed ones, then one drawn from each part of the sampled range."""
    fixed, sampled = fixed_weights(evaluation), evaluation.sampled_weights
    if sampled is None:
        return fixed
    draws = keyed_rng(seed, Purpose.WEIGHTS, generation).random(sampled.count)
    return np.r_[fixed, _at(sampled, draws)]


def selection_weights(evaluation: EvaluationConfig) -> NDArray[np.float64]:
    """The weights that champions are chosen at: the fixed ones, then the middle of each part of the sampled range."""
    fixed, sampled = fixed_weights(evaluation), evaluation.sampled_weights
    return fixed if sampled is None else np.r_[fixed, _at(sampled, 0.5)]


def fixed_weights(evaluation: EvaluationConfig) -> NDArray[np.float64]:
    """The weights that every generation has; none if all are sampled."""
    return np.array(evaluation.weights or (), np.float64)


def weight_range(evaluation: EvaluationConfig) -> tuple[float, float]:
    """Range of random shared weights: the sampled one, or U(-2, 2) as published."""
    sampled = evaluation.sampled_weights
    return (sampled.low, sampled.high) if sampled else (-2.0, 2.0)


def _at(sampled: SampledWeights, places: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """A weight from each of ``count`` equal parts of the range without its gap, ascending, at a place in 0..1 of it."""
    low, high = sampled.low, sampled.high
    begin, end = np.clip([-sampled.least, sampled.least], low, high)
    weights = low + (high - low - (end - begin)) * (np.arange(sampled.count) + places) / sampled.count
    return np.where(weights >= begin, weights + (end - begin), weights)
