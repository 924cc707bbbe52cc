"""Copy: a few signs, a delay, a flag, and then the same signs from memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength
from wann.errors import UserError


@dataclass(frozen=True)
class Copy(OfAnyLength):
    """Signs of +-1, one in each step; blank steps; a flag; then blank steps, in which the output is 1 for each +1.

    A length is the delay: the number of blank steps before the flag. A batch that outnumbers the patterns of signs has
    all of them equally often, so that no batch is easier than another.

    Options:
        bits: number of signs.
    """

    bits: int = 2
    shortest: int = 0
    longest: int = 6

    name: ClassVar[str] = "copy"
    answers: ClassVar[Literal["classes", "bits"]] = "bits"
    length_counts: ClassVar[str] = "delay"
    least: ClassVar[int] = 0
    # Odd and even: loops that replay the signs at every second delay are told from memories.
    longer: ClassVar[tuple[int, ...]] = (21, 60)

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise UserError(key="task.bits", expected="at least 1", found=str(self.bits))
        super().__post_init__()

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("sign", "go")

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("bit",)

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        flag = self.bits + length
        positive = self._positive(rng, count)
        inputs = np.zeros((flag + 1 + self.bits, count, 2), np.float32)
        inputs[: self.bits, :, 0], inputs[flag, :, 1] = 2 * positive - 1, 1
        targets, judged = np.zeros((*inputs.shape[:2], 1), np.float32), np.zeros(inputs.shape[:2], bool)
        targets[flag + 1 :, :, 0], judged[flag + 1 :] = positive, True
        return Episodes(inputs, targets, judged)

    def _positive(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """[bits, B] 1 for +1 and 0 for -1."""
        if 2**self.bits > count:
            return rng.integers(2, size=(self.bits, count))
        in_turn = (rng.integers(2**self.bits) + np.arange(count)) % 2**self.bits
        return rng.permuted(in_turn) >> np.arange(self.bits)[:, None] & 1
