"""Workers as Ray's actors: starting one, its first answer, ending it."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from wann.errors import UserError
from workers.ray.cluster import RaySession
from workers.ray.private import says_node_died
from workers.ray.shipping import Shipment
from workers.ray.work import SentChunk


@dataclass(eq=False)
class Worker:
    """An actor and the chunks that were sent to it; they run one after another, the first is running."""

    actor: Any
    starting: Any  # reference to its first answer; None once it came
    since: float  # when it was created, or when its running chunk began
    pid: int = 0
    node: str = ""
    first_megabytes: float | None = None  # held after its first chunk
    outgrown: bool = False  # holds much more by now
    sent: deque[SentChunk] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        return self.starting is None and not self.sent


def start_worker(actor_class: Any, session: RaySession, shipment: Shipment, now: float) -> Worker:
    """Create an actor; it loads the task and its kernels while the caller goes on."""
    # The driver's import paths travel along: the project may have been started from anywhere.
    paths = [os.path.abspath(path) for path in sys.path]
    actor = actor_class.remote(paths, session.node)
    return Worker(actor, actor.start.remote(*shipment.arguments), now)


def started(worker: Worker) -> tuple[int, str]:
    """Process and node of a worker that has answered.

    Raises:
        UserError: its machine lacks something, or has it in another version.
        ray.exceptions.RayError: it died.
    """
    import ray

    pid, node, mistake = ray.get(worker.starting)
    if isinstance(mistake, dict):  # This project is not there, nor its class of errors.
        raise UserError(**mistake)
    if mistake is not None:
        raise mistake
    return pid, node


def settle(workers: Sequence[Worker], seconds: float) -> None:
    """Wait until these have started or died, at most ``seconds``."""
    import ray

    if workers:
        ray.wait([worker.starting for worker in workers], num_returns=len(workers), timeout=seconds)


def kill_worker(session: RaySession, worker: Worker) -> None:
    """End it even if it is stuck in a kernel, or stopped."""
    import ray

    with suppress(Exception):
        ray.kill(worker.actor)
    if worker.pid and worker.node == session.node:
        with suppress(OSError):  # Ray gives a process that does not answer five more seconds.
            os.kill(worker.pid, signal.SIGKILL)


def is_node_lost(worker: Worker, error: BaseException | None) -> bool:
    """Whether the worker's machine was lost: then its death says nothing about its work."""
    import ray

    if says_node_died(error):
        return True
    return any(node["NodeID"] == worker.node and not node["Alive"] for node in ray.nodes())


def make_actor_class(session: RaySession) -> Any:
    """The actor, as a local class: it is then shipped by value and needs nothing importable to start."""
    import ray

    class WannWorker:
        def __init__(self, paths: list[str], driver_node: str) -> None:
            import sys

            import ray

            others = [path for path in sys.path if path not in paths]
            # On another machine the same path may hold something else: what was shipped, or installed, comes first.
            at_home = ray.get_runtime_context().get_node_id() == driver_node
            sys.path[:] = paths + others if at_home else others + paths
            self.task: Any = None

        def start(
            self, task: bytes, files: dict[str, Any], versions: dict[str, str], modules: tuple[str, ...]
        ) -> tuple[int, str, Any]:
            import os

            import ray

            here = os.getpid(), ray.get_runtime_context().get_node_id()
            try:
                from workers.ray.arrival import arrive
            except ImportError as error:
                node = ray.util.get_node_ip_address()
                expected = f"this project and its packages on node {node}"
                return (*here, {"key": "workers", "expected": expected, "found": str(error)})
            self.task, mistake = arrive(task, files, versions, modules)
            return (*here, mistake)

        def ping(self) -> None:
            return None

        def evaluate(self, chunk: bytes, shared: bytes) -> bytes:
            from workers.ray.worker_process import run_chunk

            return run_chunk(self.task, chunk, shared)

    return ray.remote(**actor_options(session))(WannWorker)


def actor_options(session: RaySession) -> dict[str, Any]:
    """Ray's options of every worker's actor."""
    # Restarts and retries are the evaluator's business, which knows what was running.
    options: dict[str, Any] = {"num_cpus": session.cpus_per_worker, "max_restarts": 0, "max_task_retries": 0}
    # Ray's head would keep a record of each chunk, hundreds of megabytes of them.
    options["enable_task_events"] = False
    if session.gpus_per_worker:
        options["num_gpus"] = session.gpus_per_worker
    return options
