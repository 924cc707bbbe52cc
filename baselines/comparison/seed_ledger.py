"""The seeds of a comparison's episodes, by purpose. Episodes of reports are never used for choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from wann.randomness import Purpose

# Purpose of episodes to the range of their seeds; see `wann.randomness`.
_RANGES = {
    Purpose.TUNING: range(2**29),
    Purpose.CHAMPION_SELECTION: range(2**29, 2 * 2**29),
    Purpose.TUNING_SELECTION: range(2**29, 2 * 2**29),
    Purpose.COMPARISON: range(3 * 2**29, 4 * 2**29),
}


class SeedLedger:
    """The episode seeds used for each purpose; refuses one in another purpose's range.

    Attributes:
        used: least and greatest seed by the name of what they were for.
    """

    def __init__(self) -> None:
        self.used: dict[str, tuple[int, int]] = {}
        self._lock = Lock()  # tunings may run at once

    def note(self, purpose: Purpose, seeds: NDArray[np.int64]) -> None:
        low, high, allowed = int(seeds.min()), int(seeds.max()), _RANGES[purpose]
        assert low in allowed and high in allowed, f"seeds {low} to {high} for {purpose.name} are others'"
        self.merge({purpose.name.lower(): (low, high)})

    def plain(self) -> dict[str, list[int]]:
        """Seeds used so far, as JSON values, in the order of names."""
        with self._lock:
            return {name: list(self.used[name]) for name in sorted(self.used)}

    def merge(self, used: Mapping[str, Sequence[int]]) -> None:
        """Add seeds that were used elsewhere."""
        with self._lock:
            for name, (low, high) in used.items():
                least, greatest = self.used.get(name, (low, high))
                self.used[name] = min(low, least), max(high, greatest)
