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
    """Number of workers. None: one per CPU, following the size of a cluster that grows or shrinks."""
    address: str | None = None
    """Address of the cluster to join. None starts Ray on this machine, unless it is already running."""
    chunk_seconds: float = 0.01
    """Minimal expected time of a chunk (s). Less is not worth sending."""
    home_seconds: float = 0.01
    """Requests expected to take less than this (s) run in this process, because sending them costs more than it saves.
    This applies only to tasks that are `envs.task.SafeInDriver`, and not after a worker has died: a task that can kill
    or hang a worker must not run in this process."""
    timeout_seconds: float = 600.0
    """Time limit of one chunk (s). After it the worker is killed, which counts as a death."""
    start_seconds: float = 300.0
    """Time limit for the start of the first worker (s)."""
    max_attempts: int = 3
    """Number of deaths of workers running a network alone after which it is poisoned."""
    growth_megabytes: float = 500.0
    """A worker is replaced when its memory exceeds twice that after its first chunk plus this, as simulators leak."""
    device: str = "CPU"
    """The device in words, for the description."""
    on_gpus: bool = False
    """Each worker needs a share of a GPU. ``num_workers`` None then means one per GPU."""
    parallel: int = 1
    """Number of searches that share the workers. This one starts its part of them."""
    runtime_env: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of Ray's ``runtime_env``."""
    actor_class_of: Callable[[RaySession], Any] = make_actor_class
    """Makes the class of the workers' actors."""

    @property
    def longest_seconds(self) -> float:
        """Maximal expected time of a chunk (s). It is well below the time limit, because machines may be busy."""
        return self.timeout_seconds / 10
