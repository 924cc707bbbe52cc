"""Answers to test sequences of several lengths, beyond those of training too: the same for all rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.seed_ledger import SeedLedger
from envs.sequences.episodes import Episodes
from envs.sequences.problem import Problem
from envs.sequences.tallies import oracle_tallies
from wann.network import Network
from wann.randomness import Purpose, episode_seeds

_BLOCK = 500  # sequences that are answered at once

# (B sequences, the number of the first in the report) -> right answers [B]
Answer = Callable[[Episodes, int], NDArray]


def lengths_of(problem: Problem) -> list[int]:
    """The judging lengths, and between the first and the last each twice as long as the one before."""
    judging = problem.judging_lengths
    doubled = [judging[0] << power for power in range(max(judging).bit_length()) if judging[0]]
    return sorted({*judging, *(length for length in doubled if length < max(judging))})


class LengthReport:
    """Has a network or a model answer.

    Args:
        problem: it draws sequences of the test part.
        seed: of the comparison.
        count: sequences of each length.
        ledger: of all seeds.
    """

    def __init__(self, problem: Problem, seed: int, count: int, ledger: SeedLedger) -> None:
        self._problem, self._seed, self._count, self._ledger = problem, seed, count, ledger

    def __call__(self, answer: Answer) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Right answers of each sequence of the judging lengths (percent), and the facts of all lengths.

        The facts are ``lengths``, with the ``length``, the ``accuracy`` (percent of answers), ``exact`` (percent of
        sequences without an error) and ``wrong`` (answers, in a sequence).
        """
        values, facts = [], []
        for number, length in enumerate(lengths_of(self._problem)):
            right, asked = self._answered(answer, number, length)
            if length in self._problem.judging_lengths:
                values.append(100 * right / asked)
            facts.append(
                {
                    "length": length,
                    "accuracy": float(100 * right.sum() / asked.sum()),
                    "exact": float(100 * (right == asked).mean()),
                    "wrong": float((asked - right).mean()),
                }
            )
        return np.concatenate(values), {"lengths": facts}

    def _answered(self, answer: Answer, number: int, length: int) -> tuple[NDArray, NDArray]:
        """Right answers and all answers of each sequence of a length."""
        seeds = episode_seeds(self._seed, Purpose.COMPARISON, number, -(-self._count // _BLOCK))
        self._ledger.note(Purpose.COMPARISON, seeds)
        right, asked = [], []
        for block, seed in enumerate(seeds.tolist()):
            first = block * _BLOCK
            episodes = self._problem.draw("test", seed, min(_BLOCK, self._count - first), length)
            right.append(answer(episodes, first))
            asked.append(episodes.num_answers)
        return np.concatenate(right).astype(np.float64), np.concatenate(asked).astype(np.float64)


def answers_of_network(network: Network, weights: NDArray[np.float64]) -> Answer:
    """Answers of a network in float64, by the oracle.

    Args:
        network: any.
        weights: [W] shared or [W, E] individual; W is 1, or the number of sequences of each length: a setting for each.
    """

    def answer(episodes: Episodes, first: int) -> NDArray:
        count = len(episodes)
        own = weights if len(weights) == 1 else weights[first : first + count]
        return oracle_tallies(network, own, episodes, np.arange(count).reshape(len(own), -1))[0]

    return answer
