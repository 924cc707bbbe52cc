"""Episodes without a return: each kind of failure is logged once, and all are counted."""

from __future__ import annotations

import logging

import numpy as np

from envs.task import Returns
from envs.waves import OUTPUT

LOGGER = logging.getLogger(__name__)


class FailureLog:
    """The failures of an evaluator since its start.

    Networks whose outputs overflow occur in every search and are not logged.
    """

    def __init__(self) -> None:
        self._kinds: set[str] = {OUTPUT}
        self._count = 0

    def noted(self, returns: Returns) -> Returns:
        """Note the failures of returns, and return these unchanged."""
        if returns.failures.keys() - {OUTPUT}:
            self._count += int(np.isnan(returns.values).sum())
        for kind, example in sorted(returns.failures.items()):
            if kind not in self._kinds:
                self._kinds.add(kind)
                LOGGER.warning("An episode failed, and has no return: %s; its kind is not named again", example)
        return returns

    def figures(self) -> dict[str, float]:
        """Figures for `workers.evaluator.Evaluator.statistics`; empty as long as nothing has failed."""
        return {"worker_failed_episodes": float(self._count)} if self._count else {}
