"""Faults, and the order in which a search meets them."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from tests.chaos.cluster import Cluster
from tests.chaos.machines import Machine, send

# There are three nodes at first (two for the smallest). Of each step a word says what happens, a number how often.
FULL = (
    ("worker", 4), ("join", 1), ("pause", 1), ("worker", 3), ("power", 1), ("worker", 3), ("driver", 1), ("worker", 3),
    ("cut", 1), ("worker", 2), ("join", 1), ("raylet", 1), ("worker", 2), ("driver", 1), ("worker", 2), ("mend", 1),
    ("node", 1), ("worker", 1),
)  # fmt: skip
SMALL = (("worker", 2), ("join", 1), ("cut", 1), ("node", 1), ("driver", 1), ("mend", 1), ("worker", 1))
SMALLEST = (("worker", 1), ("join", 1), ("power", 1), ("driver", 1))
NAMES = {
    "worker": "workers killed",
    "pause": "workers stopped for 5 s, then continued",
    "node": "nodes: all processes killed",
    "raylet": "nodes: only Ray's own process killed",
    "power": "nodes: power lost (nothing answers, connections stay open)",
    "cut": "nodes cut off from the network, still computing",
    "mend": "nodes that come back to the network",
    "join": "nodes that join late",
    "driver": "drivers killed, then resumed",
}
_PAUSE_SECONDS = 5.0


class Faults:
    """Injects faults into a cluster; drivers are the trial's to restart.

    Args:
        cluster: with at least one node.
        seed: of the choice of victims.

    Attributes:
        counts: by kind, what was injected.
    """

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._cluster, self._rng = cluster, random.Random(seed)
        self._lost: list[Machine] = []
        self._cut_off: list[Machine] = []  # in the order in which it happened
        self.counts: Counter[str] = Counter()

    @property
    def there(self) -> list[Machine]:
        """Nodes that can work."""
        return [node for node in self._cluster.nodes if node not in self._lost and node not in self._cut_off]

    def inject(self, kind: str) -> bool:
        """True if it was done; at times there is no worker to kill."""
        done = getattr(self, f"_{kind}")()
        self.counts[kind] += done
        return done

    def _worker(self) -> bool:
        found = self._workers()
        return bool(found) and send(self._rng.choice(found), signal.SIGKILL)

    def _pause(self) -> bool:
        found = self._workers()
        if not found:
            return False
        pid = self._rng.choice(found)
        stopped = send(pid, signal.SIGSTOP)
        time.sleep(_PAUSE_SECONDS)
        return send(pid, signal.SIGCONT) and stopped

    def _node(self) -> bool:
        return self._lose(lambda node: node.kill() > 0)

    def _power(self) -> bool:
        return self._lose(lambda node: node.lose_power() > 0)

    def _raylet(self) -> bool:
        return self._lose(lambda node: all(send(pid, signal.SIGKILL) for pid in node.processes("raylet/raylet ")))

    def _cut(self) -> bool:
        node = self._victim()
        node.cut_off()
        self._cut_off.append(node)
        return True

    def _mend(self) -> bool:
        node = self._cut_off.pop()
        node.mend()
        self._lost.append(node)  # Ray does not take a node back that it has given up.
        return True

    def _join(self) -> bool:
        self._cluster.join()
        return True

    def _lose(self, end: Callable[[Machine], bool]) -> bool:
        node = self._victim()
        self._lost.append(node)
        return end(node)

    def _victim(self) -> Machine:
        assert len(self.there) > 1, "the last node is to be spared"
        return self._rng.choice(self.there)

    def _workers(self) -> list[int]:
        return [pid for node, pid in self._cluster.workers() if node in self.there]
