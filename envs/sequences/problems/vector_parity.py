"""Parity of a vector, shown at once (Graves 2016, arXiv 1603.08983, section 3.1). For trained models only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import Part, Problem, rng_of
from wann.errors import UserError


@dataclass(frozen=True)
class VectorParity(Problem):
    """Some numbers of +1 or -1, then zeros; the bit is 1 if the number of +1 is odd. There is one step.

    Options:
        size: of the vector; from 1 to all of its numbers are not zero.
    """

    size: int = 8

    name: ClassVar[str] = "vector_parity"
    answers: ClassVar[Literal["bits"]] = "bits"
    trained_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.size <= 4096:
            raise UserError(key="task.size", expected="1 to 4096", found=str(self.size))

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(f"sign {number}" for number in range(self.size))

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("odd",)

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return ()

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        if length is not None or count < 1:
            raise ValueError(f"expected sequences without a length, found {count} and {length}")
        rng = rng_of(part, seed)
        shown = np.arange(self.size) < rng.integers(1, self.size, (count, 1), endpoint=True)
        signs = np.where(shown, 2 * rng.integers(2, size=(count, self.size)) - 1, 0)
        odd = (signs == 1).sum(axis=1) % 2
        return Episodes(
            signs[None].astype(np.float32), odd[None, :, None].astype(np.float32), np.ones((1, count), bool)
        )
