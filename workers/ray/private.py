"""All names and reports of Ray that are not part of its documented interface. No other module uses any.

Tested with Ray 2.60. pyproject.toml has the corresponding upper bound. Raise both together, with the tests of
`tests/workers/ray` and `tests/chaos`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The environment variable that marks a process as a submitted job, and holds the job's runtime environment as JSON
# (ray_constants.RAY_JOB_CONFIG_JSON_ENV_VAR).
JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
# The directory in which Ray unpacks the files of jobs, and which it deletes.
UNPACKED = "runtime_resources"
# Length of the path of a socket below Ray's scratch directory, such as
# session_2026-01-01_00-00-00_000000_1000000/sockets/plasma_store.
SOCKET_BYTES = 65
_ANSWER_SECONDS = 5.0


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute of a module or class of Ray another value temporarily."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _constant(name: str, value: Any) -> Any:
    """`_replaced` for a constant of Ray. The constants used here are read at each ``ray.init``."""
    from ray._private import ray_constants

    return _replaced(ray_constants, name, value)


@contextmanager
def _without_attendants() -> Iterator[None]:
    """A context in which ``ray.init`` starts none of the processes that a driver with a Ray of its own does not need.

    These are the autoscaler's monitor, the reader of workers' logs (which are not shown), and the dashboard's server,
    which would run without a dashboard. Each imports Ray for itself. Together they are a second of the start, and
    more than half of its CPU time.
    """
    from ray._private.node import Node

    def no_api_server(self: Any, **options: Any) -> None:
        self._webui_url = ""

    with (
        _replaced(Node, "start_monitor", lambda self: None),
        _replaced(Node, "start_log_monitor", lambda self: None),
        _replaced(Node, "start_api_server", no_api_server),
    ):
        yield


def without_uv() -> Any:
    """A context in which ``ray.init`` ignores ``uv run``.

    Otherwise Ray would start workers by another ``uv run`` in a copy of the working directory, and refuse a project
    outside it. Workers here use the driver's interpreter, and the sources that `workers.ray.shipping` sends.
    """
    return _constant("RAY_ENABLE_UV_RUN_RUNTIME_ENV", False)


def start_on_loopback(num_cpus: int, scratch: str, options: dict[str, Any]) -> str:
    """Call ``ray.init`` for this machine only, and return the directory of the session's files.

    Args:
        num_cpus: number that Ray may give to workers.
        scratch: the directory for sockets and logs.
        options: further arguments of ``ray.init``.
    """
    import ray

    # Without clusters enabled, as on macOS, Ray listens on the loopback interface only.
    with _constant("ENABLE_RAY_CLUSTER", False), without_uv(), _without_attendants():
        ray.init(
            address="local",
            num_cpus=num_cpus,
            include_dashboard=False,
            # Ray's default niceness of 15 would let any other program stall the whole search.
            _system_config={"worker_niceness": 0},
            _temp_dir=scratch,
            **options,
        )
    node: Any = ray._private.worker._global_node
    return str(node.get_session_dir_path())


def loopback_environment() -> dict[str, str]:
    """Environment variables for other drivers of a Ray on loopback, which would look for it on other interfaces."""
    from ray._private import ray_constants

    return {ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}


def print_deaths(on: bool) -> None:
    """Set whether Ray prints the death of every worker to standard output. No log setting prevents that."""
    import ray

    ray._private.worker._worker_logs_enabled = on


def is_client() -> bool:
    """True if this process is connected to Ray as a client (``ray://``)."""
    import ray

    return bool(ray.util.client.ray.is_connected())


def resolve(address: str) -> str | None:
    """``HOST:PORT`` of ``auto`` and other short forms.

    Raises:
        ConnectionError: no cluster runs here.
        ValueError: not an address.
    """
    from ray._private import services

    return services.canonicalize_bootstrap_address(address)


def asks_for_token(address: str, client: bool) -> bool:
    """True if a head, or its server for clients, refuses a request without a token.

    Ray's own reports do not distinguish a wrong token from a head that does not answer.

    Args:
        address: HOST:PORT.
        client: True for the server for clients.
    """
    try:
        import grpc
    except ImportError:  # The package comes with ray[client].
        return False
    question = "/ray.rpc.RayletDriver/ClusterInfo" if client else "/ray.rpc.NodeInfoGcsService/GetClusterId"
    with grpc.insecure_channel(address) as channel:
        try:
            channel.unary_unary(question)(b"", timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.UNAUTHENTICATED
    return False


# Reports of Ray, which are available as text only.


def different_versions(report: str) -> tuple[str, str] | None:
    """Ray and Python of the cluster and of this process, in words, if a connection failed because they differ."""
    found = re.findall(r"(Ray|Python): (\S+)", report)
    if "Version mismatch" not in report or len(found) != 4:
        return None
    cluster, here = (" and ".join(map(" ".join, pair)) for pair in (found[:2], found[2:]))
    return cluster, here


def lacks_client(report: str) -> bool:
    """True if a connection failed because Ray's client is not installed here."""
    return "ray[client]" in report


def is_server_slow(error: BaseException) -> bool:
    """True if the server for clients did not start a process for this one in time, as happens on a busy machine."""
    report = str(error)
    failed = "Initialization failure from server" in report and "Failed to create runtime_env" not in report
    return failed or "ray client connection timeout" in report


def says_node_died(error: BaseException | None) -> bool:
    """True if Ray attributes an actor's death to its node."""
    return "node has died" in str(error) or bool(getattr(error, "preempted", False))


def reason(report: str) -> str:
    """The most informative line of a report of several lines."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    return lines[-1] if lines[0].endswith("from server:") else lines[0]
