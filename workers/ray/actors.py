"""Workers as Ray actors: starting a worker, taking its first answer, ending it."""

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
    """An actor and the chunks sent to it. They run one after another; the first is running."""

    actor: Any
    starting: Any  # reference to its first answer; None once that has arrived
    since: float  # time of its creation, or of the start of its running chunk
    pid: int = 0
    node: str = ""
    first_megabytes: float | None = None  # memory after its first chunk
    outgrown: bool = False  # its memory has grown much since then
    sent: deque[SentChunk] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        return self.starting is None and not self.sent


def start_worker(actor_class: Any, session: RaySession, shipment: Shipment, now: float) -> Worker:
    """Create an actor. It loads the task and its kernels while the caller continues."""
    # Send the driver's import paths, because the project may have been started from any directory.
    paths = [os.path.abspath(path) for path in sys.path]
    actor = actor_class.remote(paths, session.node)
    return Worker(actor, actor.start.remote(*shipment.arguments), now)


def started(worker: Worker) -> tuple[int, str]:
    """Process and node of a worker that has answered.

    Raises:
        UserError: its machine lacks something, or has another version of it.
        ray.exceptions.RayError: it died.
    """
    import ray

    pid, node, mistake = ray.get(worker.starting)
    if isinstance(mistake, dict):  # The node lacks this project and so its class of errors.
        raise UserError(**mistake)
    if mistake is not None:
        raise mistake
    return pid, node


def settle(workers: Sequence[Worker], seconds: float) -> None:
    """Wait until these workers have started or died, at most ``seconds``."""
    import ray

    if workers:
        ray.wait([worker.starting for worker in workers], num_returns=len(workers), timeout=seconds)


def kill_worker(session: RaySession, worker: Worker) -> None:
    """End a worker, even if it is stuck in a kernel or stopped by a signal."""
    import ray

    with suppress(Exception):
        ray.kill(worker.actor)
    if worker.pid and worker.node == session.node:
        with suppress(OSError):  # Without this, Ray gives a process that does not answer five more seconds.
            os.kill(worker.pid, signal.SIGKILL)


def is_node_lost(worker: Worker, error: BaseException | None) -> bool:
    """True if the worker's machine was lost. Its death then says nothing about its work."""
    import ray

    if says_node_died(error):
        return True
    return any(node["NodeID"] == worker.node and not node["Alive"] for node in ray.nodes())


def make_actor_class(session: RaySession) -> Any:
    """The actor's class. It is a local class, so that it is sent by value and starts without any import."""
    import ray

    class WannWorker:
        def __init__(self, paths: list[str], driver_node: str) -> None:
            import sys

            import ray

            others = [path for path in sys.path if path not in paths]
            # On another machine the same path may hold something else, so sent or installed code comes first.
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
    """Ray's options for every worker's actor."""
    # The evaluator restarts and retries, because it knows what was running.
    options: dict[str, Any] = {"num_cpus": session.cpus_per_worker, "max_restarts": 0, "max_task_retries": 0}
    # Otherwise Ray's head would keep a record of each chunk, hundreds of megabytes in all.
    options["enable_task_events"] = False
    if session.gpus_per_worker:
        options["num_gpus"] = session.gpus_per_worker
    return options
