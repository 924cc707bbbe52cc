"""A cluster of one node for tests, in processes of its own, on the loopback interface only."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# A Ray that expects no other machine listens on, and is reached at, the loopback interface. With a token in the home
# directory the head would ask for it.
LOOPBACK = {
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_MODE": "disabled",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def free_port() -> int:
    """Above 20000, so that it is no well-known one."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            if free.getsockname()[1] > 20000:
                return free.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def cluster(directory: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """HOST:PORT of a head of two CPUs, and of its server for clients; ``environment`` is added to its own."""
    port, client = free_port(), free_port()
    # Ray's server for clients does not start where the interpreter's path has a space.
    (directory / "environment").symlink_to(sys.prefix)
    python = str(directory / "environment" / "bin" / "python")
    command = [python, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus", "2", "--port"]
    command += [str(port), "--node-ip-address", "127.0.0.1", "--include-dashboard", "false", "--disable-usage-stats"]
    # Ray's own niceness of 15 would stall its workers behind other tests.
    command += ["--system-config", json.dumps({"worker_niceness": 0})]
    command += ["--object-store-memory", "100000000", "--include-log-monitor", "false"]
    command += ["--ray-client-server-port", str(client)]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (directory / "head.log").open("w") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=directory,
            env=clean | LOOPBACK | dict(environment or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 120
        while "Ray runtime started" not in (directory / "head.log").read_text():
            assert process.poll() is None and time.monotonic() < deadline, (directory / "head.log").read_text()
            time.sleep(0.2)
        while not _listens(client):  # The server for clients may be the last to start.
            assert process.poll() is None and time.monotonic() < deadline, (directory / "head.log").read_text()
            time.sleep(0.2)
        yield f"127.0.0.1:{port}", f"127.0.0.1:{client}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(8)  # A head that was killed takes longer.
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
