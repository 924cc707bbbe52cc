"""Settings of the Ray evaluator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.ray.actors import make_actor_class
from workers.ray.cluster import RaySession


@dataclass(frozen=True)
class RayOptions:
    """Workers, time limits and sizes of `workers.ray.evaluator.RayEvaluator`. None of them changes a result."""

    num_workers: int | None = None
    """None for one per CPU; of a cluster that grows or shrinks, as many as it has at the time."""
    address: str | None = None
    """Of the cluster to join; None starts Ray on this machine, unless it runs already."""
    chunk_seconds: float = 0.01
    """Least work that is worth a chunk."""
    home_seconds: float = 0.01
    """Requests expected to take less run in this process, where sending costs more than it saves. Only for tasks that
    are `envs.task.SafeInDriver`, and not after a worker has died: a task that can kill or hang a worker is kept away
    from this process."""
    timeout_seconds: float = 600.0
    """Longest time for one chunk; then its worker is killed, which counts as a death."""
    start_seconds: float = 300.0
    """Longest time until the first worker has started."""
    max_attempts: int = 3
    """Deaths of workers running a network alone after which it is poisoned."""
    growth_megabytes: float = 500.0
    """A worker is replaced when it holds more than twice its memory after its first chunk and this: simulators leak."""
    device: str = "CPU"
    """In words, for the description."""
    on_gpus: bool = False
    """Each worker needs a share of a GPU; then ``num_workers`` None is one per GPU."""
    parallel: int = 1
    """Searches that share the workers; this one starts its part of them."""
    runtime_env: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of Ray's ``runtime_env``."""
    actor_class_of: Callable[[RaySession], Any] = make_actor_class
    """Makes the class of the workers' actors."""

    @property
    def longest_seconds(self) -> float:
        """Longest time that a chunk is expected to take: well within the limit, since machines may be busy."""
        return self.timeout_seconds / 10
