"""A Ray cluster over `tests.chaos.machines`: a head that runs drivers and no work, and nodes that come and go."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.chaos.machines import Machine, Network

ROOT = Path(__file__).resolve().parents[2]
_PORT = 6379
_START_SECONDS = 300.0  # for Ray on one machine, which takes four on a quiet one
_RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
_SMALL = ["--object-store-memory", "80000000", "--include-log-monitor", "false"]
# A token in the home directory would be asked for by the head alone.
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}
MODULES = {"PYTHONPATH": str(Path(__file__).parent)}  # so that `slow_tasks` is a module of the user's own
# Ray's own niceness of 15 would stall workers behind any other program of this machine.
_FAIR = {"worker_niceness": 0}
# By default Ray gives up a node that does not answer after about a minute.
QUICK_HEALTH = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


class Cluster:
    """Started by making it; ends with this process.

    Args:
        network: on which its machines will be.
        directory: for logs, and for what Ray keeps; it exists, and has no ``ray`` yet.
        health: Ray's settings by which lost nodes are noticed.

    Attributes:
        address: ``HOST:PORT``, for drivers on the head.
        head: the machine of the drivers.
        nodes: machines with one worker's CPUs, in the order in which they joined, lost ones included.
    """

    def __init__(self, network: Network, directory: Path, health: dict[str, int] | None = None) -> None:
        self._network, self._directory = network, directory
        self.head = network.add()
        self.address = f"{self.head.address}:{_PORT}"
        self.nodes: list[Machine] = []
        options = ["--head", "--port", str(_PORT), "--num-cpus", "0", "--include-dashboard", "false"]
        (directory / "ray").mkdir()
        options += ["--temp-dir", str(network.mount(directory / "ray"))]
        options += ["--system-config", json.dumps({**_FAIR, **(health or {})})]
        self._start(self.head, options)

    def join(self, count: int = 1) -> None:
        """More machines of one CPU each, one after another (Ray shares files among the nodes of one disk)."""
        for _ in range(count):
            machine = self._network.add()
            self._start(machine, ["--address", self.address, "--num-cpus", "1"])
            self.nodes.append(machine)

    def end(self) -> None:
        """Switch everything off."""
        for machine in (*self.nodes, self.head):
            machine.kill()

    def run(self, arguments: Sequence[object], log: Path) -> subprocess.Popen[bytes]:
        """A driver on the head."""
        return self.head.spawn(command(*arguments), self._directory, log, {**_ENVIRONMENT, **MODULES})

    def workers(self) -> list[tuple[Machine, int]]:
        """Machines and processes of the actors that evaluate, or are about to."""
        return [(node, pid) for node in self.nodes for pid in node.processes("ray::WannWorker")]

    def _start(self, machine: Machine, options: list[str]) -> None:
        log = self._directory / f"{machine.name}.log"
        start = [*_RAY, *_SMALL, "--node-ip-address", machine.address, *options]
        process = machine.spawn(start, self._directory, log, _ENVIRONMENT)
        wait_until(
            lambda: "Ray runtime started" in _text(log), process, f"Ray did not start, see {log}", _START_SECONDS
        )


def command(*arguments: object) -> list[str]:
    """The command of a search of this checkout."""
    return [sys.executable, str(ROOT / "run_search.py"), *map(str, arguments)]


def wait_until(
    condition: Callable[[], bool], process: subprocess.Popen[bytes], otherwise: str, seconds: float = 120.0
) -> None:
    """Until the condition holds.

    Raises:
        RuntimeError: ``otherwise``: the process has ended, or time is up.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
