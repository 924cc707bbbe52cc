"""Episodes of a sequence problem: inputs, right answers, and the steps at which answers are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Episodes:
    """B sequences of at most T steps, time first, as recurrent networks step through them.

    Shorter sequences are padded at their end; padding is never judged. Answers are never among the inputs.
    """

    inputs: NDArray[np.float32]  # [T, B, I]
    # [T, B] int64, the class; or [T, B, O], bits of 0 or 1 in float32, or numbers in float64
    targets: NDArray
    judged: NDArray[np.bool_]  # [T, B]

    def __post_init__(self) -> None:
        steps, count = self.inputs.shape[:2]
        if self.judged.shape != (steps, count) or self.targets.shape[:2] != (steps, count):
            raise ValueError(
                f"expected targets and judged of [{steps}, {count}], found {list(self.targets.shape)} and "
                f"{list(self.judged.shape)}"
            )
        if not self.judged.any(axis=0).all():
            raise ValueError("expected a judged step in every sequence, found none in some")

    def __len__(self) -> int:
        """B, the number of sequences."""
        return self.inputs.shape[1]

    @property
    def num_steps(self) -> int:
        """T, the steps of the longest sequence."""
        return self.inputs.shape[0]

    @property
    def is_bits(self) -> bool:
        """True if answers are bits."""
        return self.targets.ndim == 3 and not self.is_numbers

    @property
    def is_numbers(self) -> bool:
        """True if answers are numbers."""
        return self.targets.dtype == np.float64

    @property
    def num_answers(self) -> NDArray[np.int64]:
        """[B] answers judged in each sequence: classes, or bits."""
        return self.judged.sum(axis=0) * (self.targets.shape[2] if self.is_bits else 1)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """[B] steps of each sequence, up to the last judged one."""
        return self.num_steps - self.judged[::-1].argmax(axis=0)

    def take(self, sequences: NDArray[np.int64]) -> Episodes:
        """The sequences at these indices, in that order."""
        return Episodes(self.inputs[:, sequences], self.targets[:, sequences], self.judged[:, sequences])

    @classmethod
    def joined(cls, parts: Sequence[Episodes]) -> Episodes:
        """The sequences of all parts in order, padded to the longest."""
        steps = max(part.num_steps for part in parts)

        def padded(name: str) -> NDArray:
            arrays = [getattr(part, name) for part in parts]
            return np.concatenate(
                [np.pad(a, [(0, steps - len(a)), *[(0, 0)] * (a.ndim - 1)]) for a in arrays],
                axis=1,
            )

        return parts[0] if len(parts) == 1 else cls(*(padded(name) for name in ("inputs", "targets", "judged")))
