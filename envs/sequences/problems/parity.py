"""Parity: after each of a stream of signs, is the number of negative ones so far even or odd?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength


@dataclass(frozen=True)
class Parity(OfAnyLength):
    """One input of +1 or -1; the class is judged at every step. A length is a number of steps."""

    shortest: int = 4
    longest: int = 16

    name: ClassVar[str] = "parity"
    longer: ClassVar[tuple[int, ...]] = (64, 1000)

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("sign",)

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("even", "odd")

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        negative = rng.integers(2, size=(length, count))
        inputs = (1 - 2 * negative)[:, :, None].astype(np.float32)
        return Episodes(inputs, np.cumsum(negative, axis=0) % 2, np.ones(negative.shape, bool))
