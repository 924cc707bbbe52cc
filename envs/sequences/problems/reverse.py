"""Reverse: say the symbols again, the last one first. For trained models only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength
from wann.errors import UserError


@dataclass(frozen=True)
class Reverse(OfAnyLength):
    """Symbols, a flag, and as many blank steps. A length is a number of symbols.

    Options:
        symbols: kinds of them.
    """

    longest: int = 20
    symbols: int = 10

    name: ClassVar[str] = "reverse"
    length_counts: ClassVar[str] = "symbols"
    longer: ClassVar[tuple[int, ...]] = (40,)
    trained_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.symbols <= 1000:
            raise UserError(key="task.symbols", expected="2 to 1000", found=str(self.symbols))

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*self.output_names, "go")

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(f"symbol {number}" for number in range(self.symbols))

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        shown = rng.integers(self.symbols, size=(length, count))
        inputs = np.zeros((2 * length + 1, count, self.num_inputs), np.float32)
        inputs[:length, :, : self.symbols] = np.eye(self.symbols, dtype=np.float32)[shown]
        inputs[length, :, self.symbols] = 1
        targets, judged = np.zeros(inputs.shape[:2], np.int64), np.zeros(inputs.shape[:2], bool)
        targets[length + 1 :], judged[length + 1 :] = shown[::-1], True
        return Episodes(inputs, targets, judged)
