"""Arithmetic: the value of an expression of three numbers, two operations and brackets. For trained models only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.problem import Part, Problem, rng_of
from wann.errors import UserError

_KINDS = ("number", "plus", "minus", "times", "open", "close", "go")
NUMBER, PLUS, OPEN, CLOSE, GO = 0, 1, 4, 5, 6
VALUE = len(_KINDS)  # the input with the value of a number
_OPERATIONS = (np.add, np.subtract, np.multiply)
_FAR = 100  # factor of the numbers that models are judged on beside their own
_STEPS = 9  # seven tokens, the flag, and the answer


@dataclass(frozen=True)
class Arithmetic(Problem):
    """``(a o b) o c`` or ``a o (b o c)``; each o is +, - or *. Inputs are the kind of a token, and a number's value.

    Options:
        largest: of the numbers, which are whole and at least 1.
    """

    largest: int = 10

    name: ClassVar[str] = "arithmetic"
    answers: ClassVar[Literal["numbers"]] = "numbers"
    trained_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.largest <= 10**5:
            raise UserError(key="task.largest", expected="1 to 100000", found=str(self.largest))

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*_KINDS, "value")

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("result",)

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        return ()

    @property
    def judged_too(self) -> Mapping[str, Problem]:
        """The same expressions of numbers 100 times as large."""
        return {f"numbers x {_FAR}": replace(self, largest=_FAR * self.largest)}

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        if length is not None or count < 1:
            raise ValueError(f"expected sequences without a length, found {count} and {length}")
        rng = rng_of(part, seed)
        numbers = rng.integers(1, self.largest, (count, 3), endpoint=True)
        operations = rng.integers(len(_OPERATIONS), size=(count, 2))
        left_first = rng.integers(2, size=count).astype(bool)
        inputs = np.zeros((_STEPS, count, VALUE + 1), np.float32)
        for tokens, rows in ((_LEFT_FIRST, left_first), (_RIGHT_FIRST, ~left_first)):
            _write(inputs, np.flatnonzero(rows), tokens, numbers, operations)
        targets = np.zeros((_STEPS, count, 1))
        targets[-1, :, 0] = _values(numbers.astype(np.float64), operations, left_first)
        judged = np.zeros((_STEPS, count), bool)
        judged[-1] = True
        return Episodes(inputs, targets, judged)


# Tokens: a number by its place, an operation by its place, or a bracket.
_LEFT_FIRST = (OPEN, ("n", 0), ("o", 0), ("n", 1), CLOSE, ("o", 1), ("n", 2))
_RIGHT_FIRST = (("n", 0), ("o", 0), OPEN, ("n", 1), ("o", 1), ("n", 2), CLOSE)


def _write(
    inputs: NDArray[np.float32],
    rows: NDArray[np.int64],
    tokens: tuple[int | tuple[str, int], ...],
    numbers: NDArray[np.int64],
    operations: NDArray[np.int64],
) -> None:
    """Write the tokens of the expressions in some rows, and the flag behind them."""
    for step, token in enumerate((*tokens, GO)):
        if isinstance(token, int):
            inputs[step, rows, token] = 1
        elif token[0] == "n":
            inputs[step, rows, NUMBER] = 1
            inputs[step, rows, VALUE] = numbers[rows, token[1]]
        else:
            inputs[step, rows, PLUS + operations[rows, token[1]]] = 1


def _values(
    numbers: NDArray[np.float64], operations: NDArray[np.int64], left_first: NDArray[np.bool_]
) -> NDArray[np.float64]:
    a, b, c = numbers.T
    from_left = _applied(operations[:, 1], _applied(operations[:, 0], a, b), c)
    from_right = _applied(operations[:, 0], a, _applied(operations[:, 1], b, c))
    return np.where(left_first, from_left, from_right)


def _applied(operations: NDArray[np.int64], a: NDArray, b: NDArray) -> NDArray[np.float64]:
    return np.choose(operations, [operation(a, b) for operation in _OPERATIONS])
