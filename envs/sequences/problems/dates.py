"""Dates: a date as people write it becomes YYYY-MM-DD. For trained models only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from envs.sequences.episodes import Episodes
from envs.sequences.problem import Part, Problem, rng_of

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 ,./"
_ANSWERS = "0123456789-"
_ANSWER = len("2000-12-31")
_FIRST, _LAST = np.datetime64("1950-01-01"), np.datetime64("2050-01-01")
_FORMATS = 8


@dataclass(frozen=True)
class Dates(Problem):
    """Letters of a date from 1950 to 2049 in one of eight formats, a flag, and ten blank steps for the answer.

    The formats, at the example of 3 March 1998: ``3 march 1998``, ``03 mar 1998``, ``march 3, 1998``, ``mar 3 1998``,
    ``tuesday, 3 march 1998``, ``tue march 3 1998``, ``3.3.1998`` and ``1998/3/3``. Texts differ in length, so
    the flag comes at another step in each; padding is last.
    """

    name: ClassVar[str] = "dates"
    trained_only: ClassVar[bool] = True

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*(f"letter {letter}" for letter in _LETTERS), "go")

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(f"letter {letter}" for letter in _ANSWERS)

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return ()

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        if length is not None or count < 1:
            raise ValueError(f"expected sequences without a length, found {count} and {length}")
        rng = rng_of(part, seed)
        days = _FIRST + rng.integers(int((_LAST - _FIRST).astype(int)), size=count)
        formats = rng.integers(_FORMATS, size=count).tolist()
        texts = [written(day, number) for day, number in zip(days, formats, strict=True)]
        steps = max(map(len, texts)) + 1 + _ANSWER
        inputs = np.zeros((steps, count, self.num_inputs), np.float32)
        targets, judged = np.zeros((steps, count), np.int64), np.zeros((steps, count), bool)
        for column, (text, day) in enumerate(zip(texts, days, strict=True)):
            inputs[np.arange(len(text)), column, [_LETTERS.index(letter) for letter in text]] = 1
            inputs[len(text), column, -1] = 1
            asked = slice(len(text) + 1, len(text) + 1 + _ANSWER)
            targets[asked, column], judged[asked, column] = [_ANSWERS.index(letter) for letter in str(day)], True
        return Episodes(inputs, targets, judged)


def written(date: np.datetime64, form: int) -> str:
    """A date in one of the formats."""
    year, month, day = map(int, str(date).split("-"))
    name, weekday = _MONTHS[month - 1], _WEEKDAYS[(int(date.astype(int)) + 3) % 7]  # day 0 was a Thursday
    return (
        f"{day} {name} {year}",
        f"{day:02} {name[:3]} {year}",
        f"{name} {day}, {year}",
        f"{name[:3]} {day} {year}",
        f"{weekday}, {day} {name} {year}",
        f"{weekday[:3]} {name} {day} {year}",
        f"{day}.{month}.{year}",
        f"{year}/{month}/{day}",
    )[form]
