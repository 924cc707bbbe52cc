"""Keyed randomness: every draw comes from a generator named by (run seed, purpose, index).

No generator is carried from one generation to the next, so a checkpoint needs no generator state and
the order in which results arrive cannot change a draw.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """Purpose of a draw. The values are part of the run's identity: append, never renumber."""

    INITIAL = 0
    EPISODES = 1
    WEIGHTS = 2
    RANKING = 3
    SELECTION = 4
    MUTATION = 5
    NEWBORN = 6
    CHAMPION_SELECTION = 7
    CHAMPION_REPORT = 8
    STAGE = 9
    OBSERVATION = 10
    INSPECTION = 11
    TUNING = 12
    TUNING_SELECTION = 13
    COMPARISON = 14
    SEQUENCES = 15


# Episode seeds of a search, of the choice of its champion, of its report, and of later inspection or comparison are
# disjoint. Nothing is chosen on the last two. All fit in 31 bits, the limit of simulators.
_SEED_RANGE = 2**29
_SEED_BASE = {
    Purpose.EPISODES: 0,
    Purpose.OBSERVATION: 0,
    Purpose.CHAMPION_SELECTION: _SEED_RANGE,
    Purpose.CHAMPION_REPORT: 2 * _SEED_RANGE,
    Purpose.INSPECTION: 3 * _SEED_RANGE,
    Purpose.TUNING: 0,
    Purpose.TUNING_SELECTION: _SEED_RANGE,
    Purpose.COMPARISON: 3 * _SEED_RANGE,
}


def keyed_rng(seed: int, purpose: Purpose, *index: int) -> np.random.Generator:
    """The generator of one purpose at one index (usually the generation)."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(purpose, *index))))


def episode_seeds(seed: int, purpose: Purpose, index: int, count: int) -> NDArray[np.int64]:
    """``count`` consecutive episode seeds, starting at a drawn one."""
    base = keyed_rng(seed, purpose, index).integers(_SEED_RANGE - count)
    return _SEED_BASE[purpose] + base + np.arange(count)


def stratified_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> NDArray[np.float64]:
    """One uniform draw from each of ``count`` equal parts of [low, high), ascending."""
    return low + (high - low) * (np.arange(count) + rng.random(count)) / count
