"""Parts of a request's rollouts: several workers can share a network if there are fewer networks than workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.task import Weights


@dataclass(frozen=True)
class Block:
    """Indices of weight settings and of rollouts. The block is their Cartesian product."""

    settings: NDArray[np.int64]
    rollouts: NDArray[np.int64]

    @property
    def num_lanes(self) -> int:
        return len(self.settings) * len(self.rollouts)

    def weights(self, weights: Weights) -> Weights:
        """The weights of this block, from [W] or P arrays [W, E]."""
        if isinstance(weights, np.ndarray):
            return weights[self.settings]
        return [setting[self.settings] for setting in weights]

    def seeds(self, seeds: NDArray[np.int64]) -> NDArray[np.int64]:
        """The seeds of this block, from [R] or [W, R]."""
        return seeds[self.rollouts] if seeds.ndim == 1 else seeds[np.ix_(self.settings, self.rollouts)]


def blocks(num_settings: int, num_rollouts: int, wanted: int) -> list[Block]:
    """At most ``wanted`` blocks of even size that divide the W settings, or the R rollouts if those are more.

    Neighbours go to different blocks, because episodes at similar weights have similar lengths.
    """
    settings, rollouts = np.arange(num_settings), np.arange(num_rollouts)
    longest = settings if num_settings >= num_rollouts else rollouts
    parts = [longest[begin::wanted] for begin in range(min(wanted, len(longest)))]
    if longest is settings:
        return [Block(part, rollouts) for part in parts]
    return [Block(settings, part) for part in parts]
