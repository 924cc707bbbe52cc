"""Episodes without a return, and episodes played twice: each kind is logged once, and all are counted."""

from __future__ import annotations

import logging

import numpy as np

from envs.task import Returns
from envs.waves import OUTPUT

LOGGER = logging.getLogger(__name__)


class FailureLog:
    """The failures and replays of an evaluator since its start.

    Networks whose outputs overflow occur in every search and are not logged.
    """

    def __init__(self) -> None:
        self._kinds: set[str] = {OUTPUT}
        self._count, self._replayed = 0, 0

    def noted(self, returns: Returns) -> Returns:
        """Note the failures of returns, and return these unchanged."""
        if returns.failures.keys() - {OUTPUT}:
            self._count += int(np.isnan(returns.values).sum())
        if returns.replayed and not self._replayed:
            LOGGER.warning(
                "An episode was too crowded for the fast simulator, and was played in the reference instead; "
                "worker_replayed_episodes counts such episodes"
            )
        self._replayed += returns.replayed
        for kind, example in sorted(returns.failures.items()):
            if kind not in self._kinds:
                self._kinds.add(kind)
                LOGGER.warning("An episode failed, and has no return: %s; its kind is not named again", example)
        return returns

    def figures(self) -> dict[str, float]:
        """Figures for `workers.evaluator.Evaluator.statistics`; without those that are 0."""
        counts = {"worker_failed_episodes": self._count, "worker_replayed_episodes": self._replayed}
        return {name: float(count) for name, count in counts.items() if count}
