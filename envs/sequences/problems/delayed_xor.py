"""Delayed XOR: is a sign the same as the one some steps before it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength
from wann.errors import UserError


@dataclass(frozen=True)
class DelayedXor(OfAnyLength):
    """One input of +1 or -1; from step ``lag`` on the class is judged at every step. A length is a number of steps.

    Options:
        lag: number of steps between the two signs.
    """

    lag: int = 4
    shortest: int = 8
    longest: int = 24

    name: ClassVar[str] = "delayed_xor"
    longer: ClassVar[tuple[int, ...]] = (64, 1000)

    def __post_init__(self) -> None:
        if self.lag < 1:
            raise UserError(key="task.lag", expected="at least 1", found=str(self.lag))
        super().__post_init__()
        if self.lag >= self.shortest:
            expected = f"less than the shortest length, {self.shortest}"
            raise UserError(key="task.lag", expected=expected, found=str(self.lag))

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("sign",)

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("same", "different")

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        if length <= self.lag:
            raise ValueError(f"expected more steps than the lag of {self.lag}, found {length}")
        signs = 2 * rng.integers(2, size=(length, count)) - 1
        targets, judged = np.zeros(signs.shape, np.int64), np.zeros(signs.shape, bool)
        targets[self.lag :] = signs[self.lag :] != signs[: -self.lag]
        judged[self.lag :] = True
        return Episodes(signs[:, :, None].astype(np.float32), targets, judged)
