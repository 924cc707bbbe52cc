"""Scikit-learn's digits as sequences, row by row or pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.images.digits import DIGITS
from envs.images.inputs import load_inputs
from envs.sequences.episodes import Episodes
from envs.sequences.problem import Part, Problem, rng_of
from wann.errors import UserError

INPUTS, SIDE = "8x8", 8


@dataclass(frozen=True)
class _Digits(Problem):
    """A picture in parts of ``pixels`` pixels, then a flag; the class is judged in the blank step after."""

    pixels: ClassVar[int]
    judging_sequences: ClassVar[int] = 300

    @property
    def output_names(self) -> tuple[str, ...]:
        return DIGITS.classes

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        """The steps of a picture: all have the same."""
        return (SIDE * SIDE // self.pixels,)

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        """Draw different pictures; see `envs.sequences.problem.Problem.draw`.

        Raises:
            UserError: scikit-learn is missing, or the part has fewer pictures.
        """
        [steps] = self.judging_lengths
        if length not in (None, steps) or count < 1:
            raise ValueError(f"expected sequences of length {steps}, found {count} of length {length}")
        rng = rng_of(part, seed)
        pixels, labels = load_inputs(DIGITS, INPUTS, part)
        if count > len(labels):
            expected = f"at most the {len(labels)} pictures of the {part} part"
            raise UserError(key="task.batch", expected=expected, found=str(count))
        chosen = np.sort(rng.choice(len(labels), count, replace=False))
        inputs = np.zeros((steps + 2, count, self.pixels + 1), np.float32)
        inputs[:steps, :, :-1] = pixels[:, chosen].reshape(steps, self.pixels, count).transpose(0, 2, 1)
        inputs[steps, :, -1] = 1
        targets, judged = np.zeros((steps + 2, count), np.int64), np.zeros((steps + 2, count), bool)
        targets[-1], judged[-1] = labels[chosen], True
        return Episodes(inputs, targets, judged)


@dataclass(frozen=True)
class DigitsRows(_Digits):
    """A row of 8 pixels in each step. A length is a number of rows."""

    name: ClassVar[str] = "digits_rows"
    length_counts: ClassVar[str] = "rows"
    pixels: ClassVar[int] = SIDE

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*(f"column {index}" for index in range(SIDE)), "go")


@dataclass(frozen=True)
class DigitsPixels(_Digits):
    """One pixel in each step, row by row. A length is a number of pixels."""

    name: ClassVar[str] = "digits_pixels"
    length_counts: ClassVar[str] = "pixels"
    pixels: ClassVar[int] = 1

    @property
    def input_names(self) -> tuple[str, ...]:
        return ("pixel", "go")
