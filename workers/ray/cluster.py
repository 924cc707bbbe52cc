"""Ray itself: started on this machine, joined at an address, or found running; and the actors on it."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from warnings import catch_warnings, simplefilter

from wann.cache import cache_directory
from wann.errors import UserError
from workers.evaluator import WorkerError
from workers.ray.shipping import Shipment, job_address, runtime_env

logger = logging.getLogger("wann.workers")

_CONNECT_SECONDS = 5.0
_CLIENT = "ray://"
# A socket's path has at most 107 bytes; Ray adds /session_2026-01-01_00-00-00_000000_1000000/sockets/plasma_store.
_LONGEST_SCRATCH = 107 - 65


@dataclass(frozen=True)
class RaySession:
    """A connection to Ray; ``owned`` says whether closing it is ours.

    ``num_workers`` there is room for at first, and always unless the session ``follows`` the cluster: then each of
    ``parallel`` searches has its part of the CPUs, or GPUs, that there are at the time. ``node`` is this process's own,
    "" where a client is on none of the cluster. ``elsewhere`` says whether workers may run on other machines.
    ``directory`` holds logs and sockets of a Ray that was started here; they go when it ends. ``head`` is Ray's
    head as HOST:PORT, None for clients.
    """

    owned: bool
    where: str
    num_workers: int
    node: str
    cpus_per_worker: float
    gpus_per_worker: float = 0.0
    elsewhere: bool = False
    directory: str | None = None
    follows: bool = False
    parallel: int = 1
    head: str | None = None

    def close(self) -> None:
        import ray

        if self.owned:
            ray.shutdown()
            ray._private.worker._worker_logs_enabled = True
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)


def connect(
    num_workers: int | None,
    address: str | None,
    on_gpus: bool = False,
    parallel: int = 1,
    own_runtime_env: Mapping[str, Any] | None = None,
) -> RaySession:
    """Use the Ray that runs, join the one at ``address`` or that runs this process as a job, or start one here.

    Args:
        num_workers: wanted, None for one per CPU, or per GPU.
        address: ``HOST:PORT`` of a cluster, ``ray://HOST:PORT`` of its server for clients, ``auto`` for one that was
            started on this machine, or None.
        on_gpus: whether each worker takes its share of the GPUs.
        parallel: searches that share the workers; each gets as many, and at least one.
        own_runtime_env: settings of Ray's ``runtime_env`` for the workers.

    Raises:
        UserError: no cluster at ``address``, one of other versions than this process, or no GPU in it.
        WorkerError: Ray does not start.
    """
    import ray

    owned = not ray.is_initialized()
    address = job_address() if address is None else address
    directory = None
    if owned:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        own = own_runtime_env or {}
        on_sigterm = signal.getsignal(signal.SIGTERM)
        if address is None:
            directory = _start(num_workers or num_cpus(), quiet | ({"runtime_env": dict(own)} if own else {}))
        else:
            _join(address, quiet | {"runtime_env": runtime_env(own)})
        with suppress(ValueError):  # Ray ends this process at once by its own handler, in the main thread.
            signal.signal(signal.SIGTERM, on_sigterm)
        # Ray prints the death of every worker to stdout, whatever its log settings; they are reported here.
        ray._private.worker._worker_logs_enabled = False
    cpus = ray.cluster_resources().get("CPU", 0.0)
    gpus = ray.cluster_resources().get("GPU", 0.0) if on_gpus else 0.0
    if on_gpus and gpus == 0:
        raise UserError("workers.device: expected a GPU that Ray knows of, found none")
    follows = num_workers is None and directory is None
    num_workers = max(1, (num_workers or int(gpus if on_gpus else cpus)) // parallel)
    where = ("joined at " + address) if address else "started here" if owned else "already running"
    # A client's answer is the node of its server, where process numbers of this machine mean nothing.
    context = None if ray.util.client.ray.is_connected() else ray.get_runtime_context()
    total = num_workers * parallel
    return RaySession(
        owned,
        where,
        num_workers,
        context.get_node_id() if context else "",
        # A cluster whose nodes are still to come will have whole CPUs.
        min(1.0, cpus / total) if cpus else 1.0,
        min(1.0, gpus / total),
        elsewhere=directory is None,
        directory=directory,
        follows=follows,
        parallel=parallel,
        head=str(context.gcs_address) if context else None,
    )


def room(session: RaySession) -> int:
    """Workers of one search that the cluster has room for now, at least one."""
    import ray

    if not session.follows:
        return session.num_workers
    there = ray.cluster_resources().get("GPU" if session.gpus_per_worker else "CPU", 0.0)
    return max(1, int(there) // session.parallel)


def head_answers(session: RaySession) -> bool:
    """Whether Ray's head can be reached; asked by Ray itself, a lost one blocks for a minute, then ends the process."""
    if session.head is None:
        return True
    try:
        _reach(session.head)
    except OSError:
        return False
    return True


def _reach(address: str) -> None:
    """Raises OSError, or OverflowError for a port that cannot be, where nothing answers at HOST:PORT."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()


def for_other_drivers(session: RaySession) -> tuple[str, dict[str, str]]:
    """The ``HOST:PORT`` by which other processes of this machine join this Ray, and what their environment needs."""
    import ray
    from ray._private import ray_constants

    # A Ray that was started here is on the loopback interface only; by itself a driver would look beyond it.
    only_here = {ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"} if session.directory is not None else {}
    return str(ray.get_runtime_context().gcs_address), only_here


def num_cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(num_workers: int, options: dict[str, Any]) -> str:
    """Start Ray on the loopback interface; returns the directory of this session's files."""
    import ray
    from ray._private import ray_constants

    # Without a token given, Ray would write one into the home directory.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

    # A Ray that expects no other machine, as on macOS, listens on the loopback interface only.
    switch, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        # Ray's own niceness of 15 would stall the whole search behind any other program.
        config = {"worker_niceness": 0}
        ray.init(
            address="local",
            num_cpus=num_workers,
            include_dashboard=False,
            _system_config=config,
            _temp_dir=_scratch_directory(),
            **options,
        )
        node: Any = ray._private.worker._global_node
        return str(node.get_session_dir_path())
    except Exception as error:
        raise WorkerError(f"Ray did not start on this machine: {error}") from error
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = switch


def _scratch_directory() -> str | None:
    """Where Ray keeps sockets and logs: in the cache, unless that makes the sockets' paths too long."""
    directory = str(cache_directory().resolve() / "ray")
    return directory if len(directory) <= _LONGEST_SCRATCH else None


def find_cluster(address: str) -> str:
    """``HOST:PORT`` of the cluster at ``address``, or of its server for clients, where something answers.

    Raises:
        UserError: within seconds, where Ray alone would retry for minutes and end the process.
    """
    from ray._private import services

    where = f"workers.address: expected HOST:PORT or ray://HOST:PORT of a Ray cluster, or 'auto', found {address!r}"
    client = address.startswith(_CLIENT)
    try:
        resolved = address.removeprefix(_CLIENT) if client else services.canonicalize_bootstrap_address(address)
    except (ConnectionError, ValueError) as error:
        raise UserError(f"{where} ({str(error).splitlines()[0]})") from error
    if resolved is None or not re.fullmatch(r".+:[0-9]+", resolved):
        raise UserError(where)
    try:
        _reach(resolved)
    except (OSError, OverflowError) as error:
        raise UserError(f"{where}, where nothing answers ({error})") from error
    return f"{_CLIENT if client else ''}{resolved}"


def _join(address: str, options: dict[str, Any]) -> None:
    import ray

    found = find_cluster(address)
    try:
        with catch_warnings():
            simplefilter("ignore")  # Its client warns of a lost connection, then raises.
            ray.init(address=found, **options)
    except Exception as error:
        raise UserError(_not_joined(address, str(error))) from error


def _not_joined(address: str, report: str) -> str:
    """Ray's report of several lines as one sentence."""
    # Of the cluster, then of this process.
    versions = re.findall(r"(Ray|Python): (\S+)", report)
    if "Version mismatch" in report and len(versions) == 4:
        cluster, here = (" and ".join(map(" ".join, pair)) for pair in (versions[:2], versions[2:]))
        return f"workers.address: expected the {cluster} of the cluster at {address!r} in the driver too, found {here}"
    if "ray[client]" in report:
        return (
            f"workers.address: expected Ray's client beside {address!r}, found none; install it with: "
            "pip install weight-agnostic-search[cluster]"
        )
    reason = next((line.strip() for line in report.splitlines() if line.strip()), "no reason given")
    if os.environ.get("RAY_AUTH_MODE") != "token":  # A head asks for a token where its home directory has one.
        reason += "; if it asks for a token, set RAY_AUTH_MODE=token"
    return f"workers.address: expected a Ray cluster, found one at {address!r} that cannot be joined ({reason})"


@dataclass(eq=False)
class Worker:
    """An actor and what was sent to it; ``jobs`` run one after another, the first is running."""

    actor: Any
    starting: Any  # reference to its first answer; None once it came
    since: float  # when it was created, or when its running job began
    pid: int = 0
    node: str = ""
    first_megabytes: float | None = None  # held after its first chunk
    outgrown: bool = False  # holds much more by now
    jobs: deque[Any] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        return self.starting is None and not self.jobs


def put(message: bytes) -> Any:
    """Store once what many calls take as an argument."""
    import ray

    return ray.put(message)


def start_worker(actor_class: Any, session: RaySession, shipment: Shipment, now: float) -> Worker:
    """Create an actor; it loads the task and its kernels while the caller goes on."""
    # The driver's import paths travel along: the project may have been started from anywhere.
    paths = [os.path.abspath(path) for path in sys.path]
    actor = actor_class.remote(paths, session.node)
    return Worker(actor, actor.start.remote(shipment.task, shipment.files, shipment.versions), now)


def started(worker: Worker) -> tuple[int, str]:
    """Process and node of a worker that has answered.

    Raises:
        UserError: its machine lacks something, or has it in another version.
        ray.exceptions.RayError: it died.
    """
    import ray

    pid, node, mistake = ray.get(worker.starting)
    if mistake is not None:
        raise UserError(mistake)
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
    """Whether the machine went away, so that the worker's death says nothing about its work."""
    import ray

    if "node has died" in str(error) or getattr(error, "preempted", False):
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

        def start(self, task: bytes, files: dict[str, Any], versions: dict[str, str]) -> tuple[int, str, str | None]:
            import os

            import ray

            here = os.getpid(), ray.get_runtime_context().get_node_id()
            try:
                from workers.ray.arrival import arrive
            except ImportError as error:
                place = ray.util.get_node_ip_address()
                return (*here, f"workers: expected this project and its packages on node {place}, found: {error}")
            self.task, mistake = arrive(task, files, versions)
            return (*here, mistake)

        def ping(self) -> None:
            return None

        def evaluate(self, chunk: bytes, shared: bytes) -> bytes:
            from workers.ray.worker_process import run_chunk

            return run_chunk(self.task, chunk, shared)

    return ray.remote(**actor_options(session))(WannWorker)


def actor_options(session: RaySession) -> dict[str, Any]:
    """What Ray is told of every worker's actor."""
    # Restarts and retries are the evaluator's business, which knows what was running.
    options: dict[str, Any] = {"num_cpus": session.cpus_per_worker, "max_restarts": 0, "max_task_retries": 0}
    # Ray's head would keep a record of each chunk, hundreds of megabytes of them.
    options["enable_task_events"] = False
    if session.gpus_per_worker:
        options["num_gpus"] = session.gpus_per_worker
    return options
