"""Every name and every report of Ray that its documentation does not promise; nothing else in this project uses any.

Tested with Ray 2.60. The upper bound in pyproject.toml stands beside it: raise both together, with the tests of
`tests/workers/ray` and `tests/chaos`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The environment variable that marks a process as a submitted job, and holds what the job brought along as JSON
# (ray_constants.RAY_JOB_CONFIG_JSON_ENV_VAR).
JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
# The directory in which Ray unpacks what jobs bring along, and which it deletes.
UNPACKED = "runtime_resources"
# Below its scratch directory Ray opens sockets such as session_2026-01-01_00-00-00_000000_1000000/sockets/plasma_store.
SOCKET_BYTES = 65
_ANSWER_SECONDS = 5.0


@contextmanager
def _constant(name: str, value: Any) -> Iterator[None]:
    """A constant of Ray has another value for a while; those here are read at each ``ray.init``."""
    from ray._private import ray_constants

    before = getattr(ray_constants, name)
    setattr(ray_constants, name, value)
    try:
        yield
    finally:
        setattr(ray_constants, name, before)


def without_uv() -> Any:
    """A context in which ``ray.init`` takes no notice of ``uv run``.

    Ray would start workers by another ``uv run`` in a copy of the working directory, and refuse a project that lies
    outside it. Workers here have the driver's interpreter, and the sources that `workers.ray.shipping` sends.
    """
    return _constant("RAY_ENABLE_UV_RUN_RUNTIME_ENV", False)


def start_on_loopback(num_cpus: int, scratch: str, options: dict[str, Any]) -> str:
    """``ray.init`` on this machine alone; returns the directory of the session's files.

    Args:
        num_cpus: that Ray may give to workers.
        scratch: the directory for sockets and logs.
        options: further arguments of ``ray.init``.
    """
    import ray

    # A Ray that expects no other machine, as on macOS, listens on the loopback interface only.
    with _constant("ENABLE_RAY_CLUSTER", False), without_uv():
        ray.init(
            address="local",
            num_cpus=num_cpus,
            include_dashboard=False,
            # Ray's own niceness of 15 would stall the whole search behind any other program.
            _system_config={"worker_niceness": 0},
            _temp_dir=scratch,
            **options,
        )
    node: Any = ray._private.worker._global_node
    return str(node.get_session_dir_path())


def loopback_environment() -> dict[str, str]:
    """The environment of other drivers of a Ray on loopback: they would look for it on other interfaces."""
    from ray._private import ray_constants

    return {ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}


def print_deaths(on: bool) -> None:
    """Whether Ray prints the death of every worker to standard output, which no setting of its logs prevents."""
    import ray

    ray._private.worker._worker_logs_enabled = on


def is_client() -> bool:
    """Whether this process is joined to Ray as a client (``ray://``)."""
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
    """Whether a head, or its server for clients, refuses a question that brings no token.

    Ray's own reports are the same for a wrong token as for a head that does not answer.

    Args:
        address: HOST:PORT.
        client: it is the server for clients.
    """
    try:
        import grpc
    except ImportError:  # It comes with ray[client].
        return False
    question = "/ray.rpc.RayletDriver/ClusterInfo" if client else "/ray.rpc.NodeInfoGcsService/GetClusterId"
    with grpc.insecure_channel(address) as channel:
        try:
            channel.unary_unary(question)(b"", timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.UNAUTHENTICATED
    return False


# Reports of Ray, which come as sentences only.


def different_versions(report: str) -> tuple[str, str] | None:
    """Ray and Python of the cluster and of this process, as words, if a connection failed for them."""
    found = re.findall(r"(Ray|Python): (\S+)", report)
    if "Version mismatch" not in report or len(found) != 4:
        return None
    cluster, here = (" and ".join(map(" ".join, pair)) for pair in (found[:2], found[2:]))
    return cluster, here


def lacks_client(report: str) -> bool:
    """Whether a connection failed since Ray's client is not installed here."""
    return "ray[client]" in report


def is_server_slow(error: BaseException) -> bool:
    """Whether the server for clients did not start a process for this one in time, as on a busy machine."""
    report = str(error)
    failed = "Initialization failure from server" in report and "Failed to create runtime_env" not in report
    return failed or "ray client connection timeout" in report


def says_node_died(error: BaseException | None) -> bool:
    """Whether an actor's death is put down to its node."""
    return "node has died" in str(error) or bool(getattr(error, "preempted", False))


def reason(report: str) -> str:
    """The line of a report of several lines that says most."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    return lines[-1] if lines[0].endswith("from server:") else lines[0]
