"""Temporal order: two marks far apart in a noisy stream; which were they, and in which order?

After Hochreiter & Schmidhuber 1997 (Long short-term memory, section 5.6), with marks at any two places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength


@dataclass(frozen=True)
class TemporalOrder(OfAnyLength):
    """Two marks, x or y, at different steps of noise of +-1; then a flag; the class is judged in the blank step after.

    A length is the number of steps before the flag.
    """

    shortest: int = 12
    longest: int = 50

    name: ClassVar[str] = "temporal_order"
    least: ClassVar[int] = 2
    longer: ClassVar[tuple[int, ...]] = (100, 500)

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("x", "y", "noise", "go")

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("xx", "xy", "yx", "yy")

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        first = rng.integers(length - 1, size=count)
        second = rng.integers(first + 1, length)
        marks = rng.integers(2, size=(2, count))
        inputs, column = np.zeros((length + 2, count, 4), np.float32), np.arange(count)
        inputs[:length, :, 2] = 2 * rng.integers(2, size=(length, count)) - 1
        for place, mark in zip((first, second), marks, strict=True):
            inputs[place, column, 2], inputs[place, column, mark] = 0, 1
        inputs[length, :, 3] = 1
        targets, judged = np.zeros((length + 2, count), np.int64), np.zeros((length + 2, count), bool)
        targets[-1], judged[-1] = 2 * marks[0] + marks[1], True
        return Episodes(inputs, targets, judged)
