"""Episodes of one network in a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.seed_ledger import SeedLedger
from envs.task import Returns, weights_of_one
from wann.errors import Stopped
from wann.network import Network, Networks
from wann.randomness import Purpose, episode_seeds
from workers.evaluator import Evaluator


class Player:
    """Plays a network for a comparison.

    ``stopped`` ends a choice between two evaluations; a tuning asks for itself, between two generations.

    Attributes:
        steps: simulated so far.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        network: Network,
        seed: int,
        ledger: SeedLedger,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._evaluator, self._network, self._seed, self._ledger = evaluator, network, seed, ledger
        self._networks = Networks.of([network])
        self._stopped = stopped
        self.steps = 0

    def play(
        self, weights: NDArray[np.float64], purpose: Purpose, seeds: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], int]:
        """See `baselines.comparison.weight_tuning.Play`; weights are [W] or [W, E]."""
        returns = self._evaluate(weights, purpose, seeds)
        return returns.values[0], int(returns.steps.sum())

    def on_seeds(
        self, networks: Networks, weights: NDArray[np.float64], seeds: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """See `evolution.shared_weight.Evaluate`; for choosing. Raises `Stopped`."""
        if self._stopped():
            raise Stopped
        assert len(networks) == 1 and networks.hashes[0] == self._networks.hashes[0]
        return self._evaluate(weights, Purpose.CHAMPION_SELECTION, seeds).values

    def reported(
        self, weights: NDArray[np.float64], index: int, episodes: int
    ) -> tuple[NDArray[np.float64], Mapping[str, Any]]:
        """Returns [episodes] on fresh seeds, in float64 by the oracle, and no facts.

        Args:
            weights: [W] or [W, E]; W is 1, or ``episodes``: a setting for each.
            index: of the cell.
            episodes: how many.
        """
        seeds = episode_seeds(self._seed, Purpose.COMPARISON, index, episodes).reshape(len(weights), -1)
        self._ledger.note(Purpose.COMPARISON, seeds)
        returns = self._evaluator.evaluate_oracle(self._network, weights, seeds)
        self.steps += int(returns.steps.sum())
        return returns.values.ravel(), {}

    def _evaluate(self, weights: NDArray[np.float64], purpose: Purpose, seeds: NDArray[np.int64]) -> Returns:
        self._ledger.note(purpose, seeds)
        returns = self._evaluator.evaluate(self._networks, weights_of_one(weights), seeds)
        self.steps += int(returns.steps.sum())
        return returns
