"""``make bench``: measures every figure of docs/performance.md, prints it, and writes ``bench.json``.

Figures are medians of several runs on one core unless their name says otherwise. Give names to run some only:
``make bench ARGS="ask_tell imports"``. `benchmarks.figures` names the figures of each benchmark.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.box2d import biped_company, biped_memory, biped_speed, biped_workers
from benchmarks.car_racing import car_racing_memory, car_racing_speed, car_racing_workers
from benchmarks.evolved import load
from benchmarks.figures import FIGURES, ON_GPU
from benchmarks.images import mnist_speed, mnist_torch_memory, mnist_torch_speed
from benchmarks.measuring import Figures, seconds_of
from benchmarks.memory import memory
from benchmarks.overhead import ray_overhead
from benchmarks.sequences import sequences
from configs.schema import PUBLISHED_WEIGHTS, Config, SearchConfig
from envs.cartpole.task import CartPoleSwingUp
from evolution.protocol import AskTell
from evolution.registry import make_search
from storage.metrics import read_metrics
from wann.network import compile_population
from wann.population import Population

ROOT = Path(__file__).resolve().parent.parent


def swingup() -> Figures:
    """Steps of unfinished episodes per second, on nets of about 30 nodes and 55 connections."""
    networks = compile_population(Population.of(load("swingup_conns55")))
    task = CartPoleSwingUp()
    yield "swingup_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "swingup_connections", float(networks.num_connections().mean())
    six = np.array(PUBLISHED_WEIGHTS)
    rates: dict[str, list[float]] = {"18": [], "64": [], "numpy": []}
    lanes = {"18": (six, np.arange(3)), "64": (np.linspace(-2, 2, 32), np.arange(2))}
    for _ in range(7):
        for name, (weights, seeds) in lanes.items():
            begin = time.perf_counter()
            steps = task.evaluate(networks, weights, seeds).steps.sum()
            rates[name].append(float(steps) / (time.perf_counter() - begin))
        # One network, one episode at a time, as the published code does it (NumPy, float64).
        begin = time.perf_counter()
        steps = task.evaluate_oracle(networks[0], six[3:4], [0]).steps.sum()
        rates["numpy"].append(float(steps) / (time.perf_counter() - begin))
    yield "swingup_steps_per_second_18_lanes", median(rates["18"])
    yield "swingup_steps_per_second_64_lanes", median(rates["64"])
    yield "swingup_ratio_to_numpy_18_lanes", median(a / b for a, b in zip(rates["18"], rates["numpy"], strict=True))


def ask_tell() -> Figures:
    """One generation of the published strategy, compilation included, without evaluation."""
    for size, name in ((192, "conns55"), (960, "conns212")):
        search = make_search(Config(search=SearchConfig(population=size)), 5, 1, load(f"swingup_{name}"))
        rng = np.random.default_rng(0)
        yield f"ask_tell_ms_pop{size}_{name}", 1000 * median([_ask_tell_seconds(search, rng) for _ in range(15)][2:])


def _ask_tell_seconds(search: AskTell, rng: np.random.Generator) -> float:
    begin = time.perf_counter()
    request = search.ask()
    asked = time.perf_counter() - begin
    returns = rng.normal(size=(len(request.networks), 6, 3))
    return asked + seconds_of(lambda: search.tell(returns))


def imports() -> Figures:
    """Processes from start to end, less a bare interpreter's."""
    for key, arguments in (
        ("import_wann_seconds", ["-c", "import wann"]),
        ("help_seconds", ["run_search.py", "--help"]),
    ):
        times, bare = [], []
        for _ in range(7):
            bare.append(seconds_of(lambda: _python("-c", "pass")))
            times.append(seconds_of(partial(_python, *arguments)))
        yield key, median(times) - (median(bare) if key.startswith("import") else 0)


def full_search() -> Figures:
    """The published search with Ray, two workers, checkpoints and logging, from start to champion."""
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        arguments = ["run_search.py", "configs/cartpole_swingup_published.yaml", "--run-dir", str(run)]
        seconds = seconds_of(lambda: _python(*arguments, "--set", "workers.num_workers=2"))
        lines = read_metrics(run)
    for name, figure in search_figures(lines, seconds, num_workers=2).items():
        yield f"swingup_full_search_{name}", figure


def search_figures(lines: list[dict[str, Any]], seconds: float, num_workers: int) -> dict[str, float]:
    """The parts of a whole search's time; the four add up to it.

    Args:
        lines: its metrics; ``worker_busy_seconds`` is of one generation and of all workers.
        seconds: from the start of the process to its end.
        num_workers: that it ran on.
    """
    evaluating = sum(line["evaluate_seconds"] for line in lines)
    parts = {
        "worker_seconds": sum(line["worker_busy_seconds"] for line in lines) / num_workers,
        "waiting_for_workers_seconds": 0.0,
        "evolving_and_recording_seconds": sum(line["evolve_seconds"] for line in lines),
        "starting_and_confirming_seconds": seconds - lines[-1]["wall_seconds"],
    }
    parts["waiting_for_workers_seconds"] = evaluating - parts["worker_seconds"]
    assert all(part > 0 for part in parts.values()), parts
    assert abs(sum(parts.values()) - seconds) < 0.01 * seconds, (parts, seconds)
    # Workers that are idle most of the time would mean that their seconds are not those of the whole search.
    assert parts["worker_seconds"] > 0.25 * evaluating, parts
    return {
        "seconds": seconds,
        **parts,
        "not_evaluation_seconds": seconds - parts["worker_seconds"],
        "env_steps": lines[-1]["env_steps"],
    }


def _python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


BENCHMARKS: dict[str, Callable[[], Figures]] = {
    function.__name__: function
    for function in (
        imports,
        ask_tell,
        swingup,
        memory,
        sequences,
        full_search,
        biped_speed,
        biped_company,
        biped_workers,
        biped_memory,
        car_racing_speed,
        car_racing_workers,
        car_racing_memory,
        ray_overhead,
        mnist_speed,
        mnist_torch_speed,
        mnist_torch_memory,
    )
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"benchmarks: expected names of {', '.join(BENCHMARKS)}, found {unknown[0]!r}", file=sys.stderr)
        return 2
    bench = ROOT / "bench.json"
    figures: dict[str, float | str] = json.loads(bench.read_text()) if names and bench.exists() else {}
    figures |= {"machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.platform()}"}
    for name in names or BENCHMARKS:
        missing = set(FIGURES[name])
        for key, value in BENCHMARKS[name]():
            assert key in missing, f"{key}: expected one of the figures that benchmarks/figures.py names for {name}"
            missing.remove(key)
            figures[key] = value
            print(f"{key:55s} {value:,.4g}" if value < 1e5 else f"{key:55s} {value:,.0f}", flush=True)
        assert missing <= set(ON_GPU), f"{name}: expected all its figures, missed {sorted(missing)}"
    bench.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
