"""The judgement of a champion: fresh sequences of every judging length, at given weights and over U(-2, 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.problem import Problem
from envs.sequences.tallies import tallies
from envs.sequences.tiling import tiles_of
from wann.network import Network, Networks
from wann.randomness import Purpose, keyed_rng, stratified_uniform

LOW, HIGH, DRAWS = -2.0, 2.0, 64
# Near 0 an even power of the weight falls below the threshold of a step; the minimum beyond this stands beside.
BEYOND = 0.1
_SEED = 0  # of the test part; a champion is reported on others
_KEY = 100  # of the drawn weights, beside the parts


def judge(problem: Problem, network: Network, weights: NDArray[np.float64]) -> dict[str, Any]:
    """Figures of a network, in float32, as plain JSON values.

    Args:
        problem: gives ``judging_sequences`` of the test part at each of its ``judging_lengths``.
        network: any.
        weights: [W] shared.

    Returns:
        ``weights``, the numbers of ``sequences`` and of ``draws`` from U(``low``, ``high``), the same for all
        champions, and ``lengths``: for each ``length`` the ``accuracy`` (share of answers that are right, percent) and
        ``exact`` (share of sequences without an error, percent), which have ``per_weight`` [W], ``mean`` and ``min``
        over the draws, and ``min_beyond`` over those draws whose absolute value is at least ``beyond``.
    """
    drawn = stratified_uniform(keyed_rng(_SEED, Purpose.SEQUENCES, _KEY), LOW, HIGH, DRAWS)
    lengths = []
    for length in problem.judging_lengths:
        episodes = problem.draw("test", _SEED, problem.judging_sequences, length)
        accuracy, exact = _percent(network, np.r_[weights, drawn], episodes)
        lengths.append(
            {
                "length": length,
                "accuracy": _figures(accuracy, len(weights), drawn),
                "exact": _figures(exact, len(weights), drawn),
            }
        )
    return {
        "weights": np.asarray(weights, float).tolist(),
        "low": LOW,
        "high": HIGH,
        "draws": DRAWS,
        "beyond": BEYOND,
        "sequences": problem.judging_sequences,
        "counts": problem.length_counts,
        "lengths": lengths,
    }


def _percent(network: Network, weights: NDArray[np.float64], episodes: Episodes) -> tuple[NDArray, NDArray]:
    """Answers and sequences that are right at each weight, [W] percent."""
    sequences = np.tile(np.arange(len(episodes)), (len(weights), 1))
    table = np.asarray(weights, np.float32)[None]
    found = tallies(Networks.of([network]), table, False, episodes, tiles_of(episodes, sequences))
    right = found[0, 0].reshape(sequences.shape).astype(np.float64)
    answers = episodes.num_answers
    return 100 * right.sum(axis=1) / answers.sum(), 100 * (right == answers).mean(axis=1)


def _figures(percent: NDArray[np.float64], count: int, drawn: NDArray[np.float64]) -> dict[str, Any]:
    own, random = percent[:count], percent[count:]
    return {
        "per_weight": own.tolist(),
        "mean": float(random.mean()),
        "min": float(random.min()),
        "min_beyond": float(random[np.abs(drawn) >= BEYOND].min()),
    }
