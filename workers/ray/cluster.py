"""A connection to a Ray that is started on this machine, joined at an address, or already running."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from logging import getLogger
from time import monotonic, sleep
from typing import Any
from warnings import catch_warnings, simplefilter

from wann.errors import UserError
from wann.extras import install_extra
from workers.cpus import num_cpus
from workers.evaluator import WorkerError
from workers.ray import private
from workers.ray.addresses import CLIENT, find_cluster, job_address, reach
from workers.ray.scratch import scratch_directory
from workers.ray.shipping import runtime_env, with_interpreter

_logger = getLogger("wann.workers")

# Time for which a server for clients that starts slowly is tried again.
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class RaySession:
    """A connection to Ray and the part of it that one search uses.

    Attributes:
        owned: closing the session ends the connection. A Ray that this process had joined before stays connected.
        where: the place in words, for the log.
        num_workers: places for workers at the start, and later too unless the session ``follows``.
        node: Ray's name of this process's own node; "" for a client, which is on none.
        cpus_per_worker: share of CPUs that Ray reserves for a worker.
        gpus_per_worker: share of GPUs that Ray reserves for a worker.
        elsewhere: workers may run on other machines.
        directory: logs and sockets of a Ray that was started here; deleted when it ends.
        follows: the number of workers follows the cluster's size: each of ``parallel`` searches has its part of the
            current CPUs, or GPUs.
        parallel: number of searches that share the workers.
        head: Ray's head as HOST:PORT; None for clients.
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
        if self.owned:
            _leave(self.directory)


def connect(
    num_workers: int | None,
    address: str | None,
    on_gpus: bool = False,
    parallel: int = 1,
    own_runtime_env: Mapping[str, Any] | None = None,
    modules: tuple[str, ...] = (),
) -> RaySession:
    """Use the running Ray, join the one at ``address`` or that runs this process as a job, or start one here.

    Args:
        num_workers: wanted number; None for one per CPU, or per GPU.
        address: ``HOST:PORT`` of a cluster, ``ray://HOST:PORT`` of its server for clients, ``auto`` for one that was
            started on this machine, or None.
        on_gpus: each worker takes its share of the GPUs.
        parallel: number of searches that share the workers; each gets the same number, and at least one.
        own_runtime_env: settings of Ray's ``runtime_env`` for the workers.
        modules: the user's modules, sent to a cluster that is joined; see `workers.ray.shipping`.

    Raises:
        UserError: there is no cluster at ``address``, its versions differ from this process's, or it has no GPU.
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
            directory = _start(
                num_workers or num_cpus(), quiet | ({"runtime_env": with_interpreter(own)} if own else {})
            )
        else:
            sent = runtime_env(own, modules)
            # A client's interpreter is on another machine than the workers'.
            _join(address, quiet | {"runtime_env": sent if address.startswith(CLIENT) else with_interpreter(sent)})
        with suppress(ValueError):  # Ray's own handler, in the main thread, would end this process at once.
            signal.signal(signal.SIGTERM, on_sigterm)
        private.print_deaths(False)  # This project reports deaths itself.
    where = ("joined at " + address) if address else "started here" if owned else "already running"
    try:
        return _session(owned, where, directory, num_workers, on_gpus, parallel)
    except UserError:
        if owned:
            _leave(directory)
        raise


def _session(
    owned: bool, where: str, directory: str | None, wanted: int | None, on_gpus: bool, parallel: int
) -> RaySession:
    """The session of the Ray that this process is connected to."""
    import ray

    cpus = ray.cluster_resources().get("CPU", 0.0)
    gpus = ray.cluster_resources().get("GPU", 0.0) if on_gpus else 0.0
    if on_gpus and gpus == 0:
        raise UserError(key="workers.device", expected="a GPU that Ray knows of", found="none")
    num_workers = max(1, (wanted or int(gpus if on_gpus else cpus)) // parallel)
    total = num_workers * parallel
    # A client would get the node of its server, where process ids of this machine are meaningless.
    context = None if private.is_client() else ray.get_runtime_context()
    return RaySession(
        owned,
        where,
        num_workers,
        context.get_node_id() if context else "",
        # A cluster whose nodes have not joined yet will have whole CPUs.
        min(1.0, cpus / total) if cpus else 1.0,
        min(1.0, gpus / total),
        elsewhere=directory is None,
        directory=directory,
        follows=wanted is None and directory is None,
        parallel=parallel,
        head=str(context.gcs_address) if context else None,
    )


def room(session: RaySession) -> int:
    """Number of one search's workers that the cluster has room for now, at least one."""
    import ray

    if not session.follows:
        return session.num_workers
    there = ray.cluster_resources().get("GPU" if session.gpus_per_worker else "CPU", 0.0)
    return max(1, int(there) // session.parallel)


def head_answers(session: RaySession) -> bool:
    """True if Ray's head can be reached.

    The head is contacted directly. With a lost head, a call of Ray would block for a minute and then end the process.
    """
    if session.head is None:
        return True
    try:
        reach(session.head)
    except OSError:
        return False
    return True


def for_other_drivers(session: RaySession) -> tuple[str, dict[str, str]]:
    """The ``HOST:PORT`` for other processes of this machine to join this Ray, and the environment variables for it."""
    import ray

    # A Ray that was started here uses the loopback interface only.
    only_here = private.loopback_environment() if session.directory is not None else {}
    return str(ray.get_runtime_context().gcs_address), only_here


def _leave(directory: str | None) -> None:
    """End the connection, and delete the files of a Ray that was started here."""
    import ray

    ray.shutdown()
    private.print_deaths(True)
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)


def _start(num_workers: int, options: dict[str, Any]) -> str:
    """Start Ray on the loopback interface; returns the directory of this session's files."""
    # Without a given token, Ray would write one into the home directory.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    scratch = scratch_directory()
    try:
        return private.start_on_loopback(num_workers, scratch, options)
    except Exception as error:
        raise WorkerError(f"Ray did not start on this machine: {error}") from error


def _join(address: str, options: dict[str, Any]) -> None:
    """Connect to a cluster. A server for clients that starts slowly is tried again for `_PATIENCE_SECONDS`.

    Raises:
        UserError: it cannot be joined.
    """
    found, client = find_cluster(address), address.startswith(CLIENT)
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _join_once(found, options)
            return
        except Exception as error:
            token = private.asks_for_token(found.removeprefix(CLIENT), client)
            slow = client and not token and private.is_server_slow(error)
            if not slow or monotonic() > deadline:
                raise _not_joined(address, str(error), token, slow) from error
        _logger.warning("the Ray cluster at %s is slow to answer; it is tried again", address)
        sleep(_PAUSE_SECONDS)


def _join_once(address: str, options: dict[str, Any]) -> None:
    import ray

    with catch_warnings(), private.without_uv():
        simplefilter("ignore")  # Ray's client warns of a lost connection, then raises.
        ray.init(address=address, **options)


def _not_joined(address: str, report: str, token: bool, slow: bool) -> UserError:
    """The error that gives Ray's report of several lines as one sentence.

    Args:
        address: as the user gave it.
        report: Ray's report.
        token: the cluster requires a token.
        slow: the connection was tried for `_PATIENCE_SECONDS`.
    """
    key = "workers.address"
    if (versions := private.different_versions(report)) is not None:
        cluster, here = versions
        expected = f"the {cluster} of the cluster at {address!r} in the driver too"
        return UserError(key=key, expected=expected, found=here)
    if private.lacks_client(report):
        remedy = f"install it with: {install_extra('cluster')}"
        return UserError(key=key, expected=f"Ray's client beside {address!r}", found="none", remedy=remedy)
    remedy = ""
    if token:
        mode_is_set = os.environ.get("RAY_AUTH_MODE") == "token"
        own = "give its own (RAY_AUTH_TOKEN, or ~/.ray/auth_token)"
        remedy = f"it asks for a token: {own if mode_is_set else 'set RAY_AUTH_MODE=token'}"
    tried = f", tried for {_PATIENCE_SECONDS:.0f} s," if slow else ""
    found = f"one at {address!r} that{tried} cannot be joined ({private.reason(report)})"
    return UserError(key=key, expected="a Ray cluster", found=found, remedy=remedy)
