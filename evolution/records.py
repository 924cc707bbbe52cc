"""Statistics of each genome's rollouts, accumulated over races and generations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Records:
    """Rollouts of P genomes. A rollout is one seed at every weight; its return is the mean over weights."""

    num_rollouts: NDArray[np.int64]  # [P]
    weight_sums: NDArray[np.float64]  # [P, W] sum of returns at each weight
    squares: NDArray[np.float64]  # [P] sum of squared returns of rollouts

    @classmethod
    def empty(cls, count: int, num_weights: int) -> Records:
        return cls(np.zeros(count, np.int64), np.zeros((count, num_weights)), np.zeros(count))

    @classmethod
    def of(cls, returns: NDArray[np.float64]) -> Records:
        """Records of returns [P, W, R]."""
        count = np.full(len(returns), returns.shape[2])
        return cls(count, returns.sum(axis=2), np.square(returns.mean(axis=1)).sum(axis=1))

    def __add__(self, other: Records) -> Records:
        return Records(
            self.num_rollouts + other.num_rollouts, self.weight_sums + other.weight_sums, self.squares + other.squares
        )

    def added(self, rows: NDArray[np.int64], other: Records) -> Records:
        """These records plus ``other``, which are further records of the genomes ``rows``."""
        known = Records(self.num_rollouts.copy(), self.weight_sums.copy(), self.squares.copy())
        known.num_rollouts[rows] += other.num_rollouts
        known.weight_sums[rows] += other.weight_sums
        known.squares[rows] += other.squares
        return known

    def take(self, rows: NDArray[np.int64]) -> Records:
        return Records(self.num_rollouts[rows], self.weight_sums[rows], self.squares[rows])

    def extended(self, count: int) -> Records:
        """These records with ``count`` more genomes, which have no rollouts."""
        other = Records.empty(count, self.weight_sums.shape[1])
        return Records(*(np.concatenate([getattr(r, name) for r in (self, other)]) for name in RECORD_ARRAYS))

    def different(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """``rows`` in their order, without those whose returns equal those of an earlier row."""
        _, first = np.unique(np.column_stack([self.weight_sums, self.squares])[rows], axis=0, return_index=True)
        return rows[np.sort(first)]

    @property
    def weight_means(self) -> NDArray[np.float64]:
        """Mean return at each weight, [P, W]; NaN without rollouts."""
        return self.weight_sums / _or_nan(self.num_rollouts)[:, None]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean return over rollouts and weights, [P]."""
        return self.weight_means.mean(axis=1)

    def standard_error(self, prior_rollouts: int) -> NDArray[np.float64]:
        """Standard error of the mean, [P]; NaN for failed genomes. See `deviation` for the variance."""
        return np.sqrt(self._variance(prior_rollouts) / _or_nan(self.num_rollouts))

    def deviation(self, prior_rollouts: int) -> NDArray[np.float64]:
        """Standard deviation of a genome's rollouts, [P]; NaN for failed genomes.

        The variance of one genome's rollouts is shrunk towards the mean variance within all genomes that have several,
        as if the genome had ``prior_rollouts`` more with that variance. Two equal rollouts alone are weak evidence.
        """
        return np.sqrt(self._variance(prior_rollouts))

    def _variance(self, prior_rollouts: int) -> NDArray[np.float64]:
        freedom = self.num_rollouts - 1
        deviations = np.maximum(self.squares - self.num_rollouts * np.square(self.mean), 0)
        known = np.isfinite(deviations) & (freedom > 0)
        pooled = deviations[known].sum() / freedom[known].sum() if known.any() else 0.0
        return (deviations + prior_rollouts * pooled) / (freedom + prior_rollouts)


def _or_nan(count: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(count > 0, count, np.nan)


RECORD_ARRAYS = ("num_rollouts", "weight_sums", "squares")
