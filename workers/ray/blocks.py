"""Parts of the rollouts of a request, for several workers to share when there are fewer networks than workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.task import Weights


@dataclass(frozen=True)
class Block:
    """Indices of weight settings and of rollouts; all of both, crossed."""

    settings: NDArray[np.int64]
    rollouts: NDArray[np.int64]

    @property
    def num_lanes(self) -> int:
        return len(self.settings) * len(self.rollouts)

    def weights(self, weights: Weights) -> Weights:
        """[W] or P arrays [W, E] to those of this block."""
        if isinstance(weights, np.ndarray):
            return weights[self.settings]
        return [setting[self.settings] for setting in weights]

    def seeds(self, seeds: NDArray[np.int64]) -> NDArray[np.int64]:
        """[R] or [W, R] to those of this block."""
        return seeds[self.rollouts] if seeds.ndim == 1 else seeds[np.ix_(self.settings, self.rollouts)]


def blocks(num_settings: int, num_rollouts: int, wanted: int) -> list[Block]:
    """At most ``wanted`` blocks that share W settings, or R rollouts if those are more, evenly.

    Neighbours go to different blocks: episodes at like weights are of like length.
    """
    settings, rollouts = np.arange(num_settings), np.arange(num_rollouts)
    longest = settings if num_settings >= num_rollouts else rollouts
    parts = [longest[begin::wanted] for begin in range(min(wanted, len(longest)))]
    if longest is settings:
        return [Block(part, rollouts) for part in parts]
    return [Block(settings, part) for part in parts]
