"""The pole and the walker, of which a chunk lasts a while: faults come among generations that compute little.

Drivers find this file on PYTHONPATH, and send it to workers, those of late nodes included.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns, Seeds, Weights
from wann.network import Networks


@dataclass(frozen=True)
class _Slow:
    """``seconds`` are waited for every chunk."""

    seconds: float = 0.1

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        time.sleep(self.seconds)
        found: Returns = super().evaluate(networks, weights, seeds)  # type: ignore[misc]  # of the task beside it
        return found


@dataclass(frozen=True)
class Pole(_Slow, CartPoleSwingUp):
    pass


@dataclass(frozen=True)
class Walker(_Slow, BipedalWalker):
    pass
