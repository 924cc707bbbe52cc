"""Recognising a population that is stuck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Stagnation:
    """Counts the generations since the best score of a population last rose, and the populations that got stuck.

    Args:
        patience: number of generations at which a population is stuck; None if it never is.
    """

    def __init__(self, patience: int | None) -> None:
        self._patience = patience
        self._best, self._waited, self._restarts = -np.inf, 0, 0

    @property
    def num_restarts(self) -> int | None:
        """Number of populations that got stuck so far; None if they never do."""
        return None if self._patience is None else self._restarts

    def is_stuck(self, scores: NDArray[np.float64]) -> bool:
        """Take the scores of a generation. If true, the next generation is the first of another population.

        Args:
            scores: [P], larger is better; NaN or -inf for a genome that is not eligible.
        """
        best = np.where(np.isnan(scores), -np.inf, scores).max()
        self._waited = 0 if best > self._best else self._waited + 1
        self._best = max(best, self._best)
        if self._patience is None or self._waited < self._patience:
            return False
        self._best, self._waited, self._restarts = -np.inf, 0, self._restarts + 1
        return True

    def state(self) -> dict[str, NDArray]:
        """Arrays for a checkpoint; none if a population never gets stuck."""
        if self._patience is None:
            return {}
        counts = np.array([self._waited, self._restarts])
        return {"stagnation_best": np.array([self._best]), "stagnation_counts": counts}

    def restore(self, arrays: dict[str, NDArray]) -> None:
        """Restore the counts from the arrays of `state`."""
        if self._patience is not None:
            self._best = float(arrays["stagnation_best"][0])
            self._waited, self._restarts = arrays["stagnation_counts"].tolist()
