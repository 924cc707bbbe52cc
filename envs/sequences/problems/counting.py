"""Counting: a string a^n b^n is read; at each b, is it complete? (Gers & Schmidhuber 2001, on LSTM.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength


@dataclass(frozen=True)
class Counting(OfAnyLength):
    """Two inputs, 1 for an a and for a b. At every b the class is judged: more b follow, or this is the last.

    A length is the largest n of a batch. The first of several sequences has it; the n of the others are drawn from 1 to
    that length.
    """

    shortest: int = 1
    longest: int = 8

    name: ClassVar[str] = "counting"
    length_counts: ClassVar[str] = "n up to"
    longer: ClassVar[tuple[int, ...]] = (32, 256)

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("a", "b")

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("more", "last")

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        n = rng.integers(1, length, size=count, endpoint=True)
        n[0] = length
        step = np.arange(2 * length)[:, None]
        is_a, is_b = step < n, (step >= n) & (step < 2 * n)
        inputs = np.stack([is_a, is_b], axis=2).astype(np.float32)
        return Episodes(inputs, (step == 2 * n - 1).astype(np.int64), is_b)
