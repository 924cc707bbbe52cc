"""Instruments of several benchmarks: seconds, memory, a bare simulator, a second worker's gain, kept records."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from envs.box2d import simulation as box2d
from wann.network import Networks

Figures = Iterator[tuple[str, float]]
ROOT = Path(__file__).resolve().parent.parent
MEMORY_GENERATIONS = 200
_PROCESS = Path("/proc/self")


def seconds_of(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def cpu_seconds_of(action: Callable[[], object]) -> float:
    """Processor time of this process, which other processes of a busy machine do not lengthen."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def added_megabytes(action: Callable[[], object]) -> float:
    """Growth of this process at the worst moment of the action, in megabytes (2^20 bytes). Linux only."""
    _PROCESS.joinpath("clear_refs").write_text("5")  # forgets what the most was until now
    before = _resident("VmRSS")
    action()
    return (_resident("VmHWM") - before) / 1024


def _resident(name: str) -> int:
    """Kilobytes: VmRSS now, VmHWM at most."""
    lines = _PROCESS.joinpath("status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextmanager
def timed(owner: Any, name: str) -> Iterator[list[float]]:
    """The seconds of every call of ``owner.name`` while the context lasts."""
    seconds: list[float] = []
    plain = getattr(owner, name)

    def function(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        answer = plain(*arguments, **named)
        seconds.append(time.perf_counter() - begin)
        return answer

    with mock.patch.object(owner, name, function):
        yield seconds


def gain_of_second_worker(
    task: box2d.Box2DTask, networks: Networks, weights: NDArray, seeds: NDArray[np.int64]
) -> float:
    """The speed of two Ray workers as a multiple of that of one."""
    from workers.ray.cluster import connect
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    session = connect(3, None)  # with a place for each of the three workers
    ratios = []
    try:
        with (
            RayEvaluator(task, RayOptions(1, home_seconds=0)) as one,
            RayEvaluator(task, RayOptions(2, home_seconds=0)) as two,
        ):
            for turn in range(6):
                alone = seconds_of(lambda: one.evaluate(networks, weights, seeds))
                together = seconds_of(lambda: two.evaluate(networks, weights, seeds))
                if turn:  # the first one starts processes and learns how long chunks take
                    ratios.append(alone / together)
    finally:
        session.close()
    return median(ratios)


def worker_memory(name: str, module: str) -> Figures:
    """Size and growth of a process that does the ``worker_generation`` of a module; see `print_memory`."""
    script = f"from benchmarks.measuring import print_memory; import {module} as work; print_memory(work)"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    most, growth = map(float, answer.stdout.split())
    yield f"{name}_worker_megabytes", most
    yield f"{name}_worker_growth_megabytes", growth


def print_memory(work: Any, generations: int = MEMORY_GENERATIONS) -> None:
    """Call ``work.worker_generation`` with the number of each generation, as a worker would compute it.

    Prints the most resident megabytes after any generation, and the growth from the second fifth of them to the last.
    Fifths are told by their medians: after one generation in about a hundred, a pool is not yet freed (50 MB).
    """
    from workers.ray.memory import resident_megabytes

    sizes = []
    for generation in range(generations):
        work.worker_generation(generation)
        sizes.append(resident_megabytes())
    fifth = generations // 5
    print(max(sizes), median(sizes[-fifth:]) - median(sizes[fifth : 2 * fifth]))


def worst_tenth(values: NDArray[np.float64]) -> float:
    """The mean of the lowest tenth of values [n], of one at least."""
    return float(np.sort(values)[: max(1, len(values) // 10)].mean())


def kept(path: Path, wanted: Iterable[dict[str, Any]], measure: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """All records of a file, a JSON object on each line; those ``wanted`` that it lacks are measured and appended.

    Args:
        path: of the file; made with its directory where there is none.
        wanted: what tells one record from the others; the arguments of ``measure``.
        measure: the rest of a record.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for key in wanted:
        if not any(key.items() <= record.items() for record in records):
            records.append({**key, **measure(**key)})
            with path.open("a") as file:
                file.write(json.dumps(records[-1]) + "\n")
    return records
