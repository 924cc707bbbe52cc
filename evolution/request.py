"""What a search asks for, and how a generation is summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig
from wann.gradients import GradientRequest
from wann.network import Networks
from wann.randomness import Purpose, keyed_rng, stratified_uniform


@dataclass(frozen=True)
class Request:
    """What to evaluate: P' different programs at W weights on R seeds each, or the gradients of genomes there."""

    networks: Networks
    weights: NDArray[np.float64]  # [W]
    seeds: NDArray[np.int64]  # [R], or [W, R]
    gradients: Sequence[GradientRequest] = ()


@dataclass(frozen=True)
class Summary:
    """One generation in numbers.

    The "best" are all of the genome with the highest mean return in it; under a strategy that gathers rollouts,
    of the genome with the highest score, over all its rollouts.
    """

    generation: int
    best_mean_return: float
    best_max_return: float
    best_num_connections: int
    median_num_connections: float
    num_unique: int
    num_failed: int


def weights_of(evaluation: EvaluationConfig, seed: int, generation: int) -> NDArray[np.float64]:
    """[W] shared weights of a generation."""
    sampled = evaluation.sampled_weights
    if sampled is None:
        return np.array(evaluation.weights, np.float64)
    rng = keyed_rng(seed, Purpose.WEIGHTS, generation)
    return stratified_uniform(rng, sampled.low, sampled.high, sampled.count)
