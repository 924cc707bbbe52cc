"""Associative retrieval: pairs of a key and a value, then one of the keys; the answer is its value.

After Ba et al. 2016 (Using fast weights to attend to the recent past, arXiv 1610.06258).
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase, digits
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.problem import OfAnyLength
from wann.errors import UserError


@dataclass(frozen=True)
class AssociativeRetrieval(OfAnyLength):
    """Different keys, each with a value; then one of the keys and a flag; the value is asked in the blank step after.

    Keys and values are inputs of their own, 1 where they occur. A length is a number of pairs.

    Options:
        keys: number of different keys.
        values: number of different values.
        published: the published format, as in ``c9k8j3f1??c``: keys and values follow each other, and the flag comes
            twice before the key that is asked for. Otherwise a key comes together with its value, or with the flag.
            The published numbers are 26 keys, 10 values and 4 pairs.
    """

    keys: int = 4
    values: int = 4
    published: bool = False
    shortest: int = 2
    longest: int = 2

    name: ClassVar[str] = "associative_retrieval"
    length_counts: ClassVar[str] = "pairs"

    def __post_init__(self) -> None:
        for option in ("keys", "values"):
            if getattr(self, option) < 2:
                raise UserError(key=f"task.{option}", expected="at least 2", found=str(getattr(self, option)))
        if self.longest > self.keys:
            expected = f"at most as many pairs as the {self.keys} keys"
            raise UserError(key="task.longest", expected=expected, found=str(self.longest))
        super().__post_init__()

    @property
    def input_names(self) -> tuple[str, ...]:
        letters = ascii_lowercase if self.keys <= len(ascii_lowercase) else ()
        keys = tuple(letters[: self.keys]) or tuple(f"key {index}" for index in range(self.keys))
        return (*keys, *self.output_names, "ask")

    @property
    def output_names(self) -> tuple[str, ...]:
        if self.values <= len(digits):
            return tuple(digits[: self.values])
        return tuple(f"value {index}" for index in range(self.values))

    @property
    def input_groups(self) -> tuple[tuple[int, ...], ...]:
        """The keys, and the values."""
        return tuple(range(self.keys)), tuple(range(self.keys, self.keys + self.values))

    @property
    def output_groups(self) -> tuple[tuple[int, ...], ...]:
        """The values."""
        return (tuple(range(self.values)),)

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return tuple(sorted({self.longest, min(2 * self.longest, self.keys), self.keys}))

    def _pairs(self, rng: np.random.Generator, count: int, length: int) -> tuple[NDArray, NDArray, NDArray]:
        """Keys [n, B], different in each column, their values [n, B], and the row that is asked for [B]."""
        if length > self.keys:
            raise ValueError(f"expected at most {self.keys} pairs, found {length}")
        keys = rng.permuted(np.tile(np.arange(self.keys), (count, 1)), axis=1)[:, :length].T
        return keys, rng.integers(self.values, size=(length, count)), rng.integers(length, size=count)

    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        keys, values, asked = self._pairs(rng, count, length)
        step, column = np.arange(length)[:, None], np.arange(count)
        apart = 2 if self.published else 1
        question = 2 * length + 2 if self.published else length
        inputs = np.zeros((question + 2, count, self.num_inputs), np.float32)
        inputs[apart * step, column, keys] = 1
        inputs[apart * step + apart - 1, column, self.keys + values] = 1
        inputs[question, column, keys[asked, column]] = 1
        flags = slice(question - 2, question) if self.published else question
        inputs[flags, :, -1] = 1
        targets, judged = np.zeros(inputs.shape[:2], np.int64), np.zeros(inputs.shape[:2], bool)
        targets[-1], judged[-1] = values[asked, column], True
        return Episodes(inputs, targets, judged)
