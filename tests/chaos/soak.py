"""Hours of two searches on one cluster under random faults, and what their processes hold meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.cluster import Cluster
from tests.chaos.faults import Faults
from tests.chaos.machines import send
from tests.chaos.outcome import num_generations
from tests.chaos.trial import Search

_SAMPLE_SECONDS = 60.0
_FAULT_SECONDS = 45.0  # on average
# Chances of faults; a lost node is followed by one that joins. Those at the network's edge take Ray a minute to notice.
_KINDS = {"worker": 0.7, "pause": 0.1, "node": 0.08, "raylet": 0.06, "power": 0.06}
_LOSSES = {"node", "raylet", "power"}
_STORE = """
import ray
ray.init(address={address!r}, log_to_driver=False, logging_level="ERROR")
name = "object_store_memory"
print(ray.cluster_resources()[name] - ray.available_resources().get(name, 0.0))
"""


def soak(searches: list[Search], cluster: Cluster, directory: Path, hours: float, seed: int = 0) -> dict[str, Any]:
    """Run the searches side by side for so long, then stop them as Ctrl-C does.

    Raises:
        RuntimeError: one of them ended before.
    """
    drivers = {search.name: _begin(search, cluster, directory) for search in searches}
    faults, rng = Faults(cluster, seed), random.Random(seed)
    begin = time.monotonic()
    next_sample, next_fault = begin, begin + 120.0
    samples = []
    while (now := time.monotonic()) < begin + 3600 * hours:
        for name, driver in drivers.items():
            if driver.poll() is not None:
                raise RuntimeError(f"the search {name} ended with exit status {driver.returncode}, see {directory}")
        if now >= next_sample:
            next_sample += _SAMPLE_SECONDS
            samples.append(_sample(cluster, drivers, directory, now - begin))
            with (directory / "soak.jsonl").open("a") as out:
                print(json.dumps(samples[-1]), file=out)
        if now >= next_fault:
            next_fault = now + rng.expovariate(1 / _FAULT_SECONDS)
            kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
            if faults.inject(kind) and kind in _LOSSES:
                faults.inject("join")
        time.sleep(1.0)
    statuses = {name: _stop(driver) for name, driver in drivers.items()}
    return {"hours": hours, "faults": dict(faults.counts), "exit_statuses": statuses, "figures": _growth(samples)}


def _begin(search: Search, cluster: Cluster, directory: Path) -> subprocess.Popen[bytes]:
    arguments = [*search.arguments, "--run-dir", directory / search.name, "--address", cluster.address]
    return cluster.run(arguments, directory / f"{search.name}.log")


def _stop(driver: subprocess.Popen[bytes]) -> int:
    send(driver.pid, signal.SIGINT)
    return driver.wait(120)


def _sample(
    cluster: Cluster, drivers: dict[str, subprocess.Popen[bytes]], directory: Path, seconds: float
) -> dict[str, float]:
    held: dict[str, float] = {"seconds": round(seconds)}
    for name, driver in drivers.items():
        held |= _held(f"driver_{name}", [driver.pid])
        held[f"generation_{name}"] = num_generations(directory / name)
    held |= _held("gcs", cluster.head.processes("gcs_server"))
    held |= _held("head_raylet", cluster.head.processes("raylet/raylet "))
    held |= _held("workers", [pid for _, pid in cluster.workers()])
    held["object_store_megabytes"] = _object_store(cluster, directory)
    return held


def _held(name: str, pids: list[int]) -> dict[str, float]:
    """Memory and open files of the largest of these processes."""
    megabytes, files = [], []
    for pid in pids:
        with suppress(OSError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            files.append(len(os.listdir(f"/proc/{pid}/fd")))
            megabytes.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return {f"{name}_megabytes": round(max(megabytes, default=0.0), 1), f"{name}_files": max(files, default=0)}


def _object_store(cluster: Cluster, directory: Path) -> float:
    """Megabytes used in all nodes' object stores, as Ray says it."""
    out = directory / "store.log"
    out.unlink(missing_ok=True)
    script = _STORE.format(address=cluster.address)
    with suppress(subprocess.TimeoutExpired, IndexError, ValueError):
        cluster.head.spawn([sys.executable, "-c", script], directory, out).wait(60)
        return round(float(out.read_text().split()[-1]) / 2**20, 2)
    return float("nan")


def _growth(samples: list[dict[str, float]]) -> dict[str, list[float]]:
    """Medians of each figure in the second and in the last sixth of the time, and its maximum.

    The first sixth is left out: workers load their kernels, and caches fill.
    """
    part = max(1, len(samples) // 6)
    found = {}
    for key in samples[-1]:
        values = [sample[key] for sample in samples]
        early, late = values[part : 2 * part] or values, values[-part:]
        found[key] = [median(early), median(late), max(values)]
    return found
