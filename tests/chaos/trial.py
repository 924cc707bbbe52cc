"""One search twice: left alone in one process, and on a cluster where much goes wrong. Both must find the same."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.metrics import read_metrics
from tests.chaos.cluster import MODULES, Cluster, command, wait_until
from tests.chaos.faults import Faults
from tests.chaos.machines import send
from tests.chaos.outcome import num_generations, outcome

_SECONDS_TO_GO_ON = 240.0  # that a search may need for a generation, faults included


@dataclass(frozen=True)
class Search:
    """A search to be tried."""

    name: str
    arguments: tuple[str, ...]  # of run_search.py


class Trial:
    """Runs a search on a cluster under faults.

    Args:
        search: what is run.
        cluster: on which.
        directory: for its run directories and logs.
        pause: seconds between two faults, at least; there is a generation between them, too.
        seed: of the choice of victims.
    """

    def __init__(self, search: Search, cluster: Cluster, directory: Path, pause: float, seed: int = 0) -> None:
        self._search, self._cluster, self._pause = search, cluster, pause
        self._run, self._alone = directory / search.name, directory / f"{search.name}-alone"
        self._log = directory / f"{search.name}.log"
        self._faults = Faults(cluster, seed)
        self._most_workers = 0  # as seen here: a driver that goes on takes back the lines since its last checkpoint
        self._driver = self._start(*search.arguments, "--run-dir", self._run)
        self._other = self._start_alone(directory / f"{search.name}-alone.log")

    def endure(self, plan: Sequence[tuple[str, int]]) -> None:
        """Inject the plan's faults, one after another, and wait for the search's end.

        Raises:
            RuntimeError: it ended before them, failed, or no longer goes on.
        """
        self._go_on()
        for kind, count in plan:
            for _ in range(count):
                self._inject(kind)
                self._go_on()
                if kind == "join":
                    self._use_all()
        if self._driver.wait() != 0:
            raise RuntimeError(f"the search failed with exit status {self._driver.returncode}, see {self._log}")

    def report(self) -> dict[str, Any]:
        """Wait for the search alone, and compare.

        Raises:
            RuntimeError: the search alone failed.
        """
        if self._other.wait() != 0:
            raise RuntimeError(f"the search alone failed, see {self._alone}.log")
        lines = read_metrics(self._run)
        steps, steps_alone = lines[-1]["env_steps"], read_metrics(self._alone)[-1]["env_steps"]
        return {
            "search": self._search.name,
            "faults": dict(self._faults.counts),
            "generations": len(lines),
            "env_steps": steps,
            "lost_env_steps": steps_alone - steps,
            **{
                key: sum(line[f"worker_{key}"] for line in lines)
                for key in ("deaths", "retries", "stragglers", "joined")
            },
            "most_workers": self._most_workers,
            "identical": outcome(self._run) == outcome(self._alone),
        }

    def _inject(self, kind: str) -> None:
        time.sleep(self._pause)
        if kind == "driver":
            send(self._driver.pid, signal.SIGKILL)
            self._driver.wait()
            self._faults.counts[kind] += 1
            self._driver = self._start("--resume", self._run)
            return
        otherwise = f"no {kind} was there to be hit, see {self._log}"
        with self._held() if kind == "join" else nullcontext():
            wait_until(lambda: self._faults.inject(kind), self._driver, otherwise)
        print(f"{self._search.name}: {kind} at generation {num_generations(self._run)}", flush=True)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """While a machine boots, a brief search would be over; on a slow machine it was."""
        send(self._driver.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            send(self._driver.pid, signal.SIGCONT)

    def _go_on(self) -> None:
        """Until the search has done another generation."""
        before = num_generations(self._run)
        where = f"the search ended or stood still after generation {before}, see {self._log}"
        wait_until(lambda: num_generations(self._run) > before, self._driver, where, _SECONDS_TO_GO_ON)

    def _use_all(self) -> None:
        """Until a worker on every node has taken part in a generation."""
        count = len(self._faults.there)
        where = f"{count} nodes were not all used, see {self._log}"
        wait_until(lambda: self._workers() == count, self._driver, where, _SECONDS_TO_GO_ON)

    def _workers(self) -> int:
        """Workers that had started by the end of the last generation."""
        found = int(read_metrics(self._run)[-1]["worker_live"])
        self._most_workers = max(self._most_workers, found)
        return found

    def _start_alone(self, log: Path) -> subprocess.Popen[bytes]:
        inline = command(*self._search.arguments, "--run-dir", self._alone, "--set", "workers.evaluator=inline")
        with log.open("ab") as out:
            return subprocess.Popen(inline, env={**os.environ, **MODULES}, stdout=out, stderr=out)

    def _start(self, *arguments: object) -> subprocess.Popen[bytes]:
        return self._cluster.run([*arguments, "--address", self._cluster.address], self._log)
