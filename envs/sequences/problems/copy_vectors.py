"""Copy of a sequence of vectors of bits, as neural Turing machines learn it (Graves et al. 2014, arXiv 1410.5401)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength
from wann.errors import UserError


@dataclass(frozen=True)
class CopyVectors(OfAnyLength):
    """Vectors of bits, one in each step; a flag; then blank steps, in which the outputs are to repeat the vectors.

    A length is the number of vectors. The published width is 8, and the published lengths are 1 to 20.

    Options:
        width: bits of a vector.
    """

    width: int = 8
    shortest: int = 1
    longest: int = 20

    name: ClassVar[str] = "copy_vectors"
    answers: ClassVar[Literal["classes", "bits"]] = "bits"
    length_counts: ClassVar[str] = "vectors"
    longer: ClassVar[tuple[int, ...]] = (40, 100)

    def __post_init__(self) -> None:
        if self.width < 1:
            raise UserError(key="task.width", expected="at least 1", found=str(self.width))
        super().__post_init__()

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*self.output_names, "go")

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(f"bit {index}" for index in range(self.width))

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        bits = rng.integers(2, size=(length, count, self.width)).astype(np.float32)
        inputs = np.zeros((2 * length + 1, count, self.width + 1), np.float32)
        inputs[:length, :, :-1], inputs[length, :, -1] = bits, 1
        targets = np.zeros((*inputs.shape[:2], self.width), np.float32)
        targets[length + 1 :] = bits
        judged = np.zeros(inputs.shape[:2], bool)
        judged[length + 1 :] = True
        return Episodes(inputs, targets, judged)
