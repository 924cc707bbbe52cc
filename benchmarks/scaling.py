"""The number of workers that one driver can keep busy: ``python -m benchmarks.scaling``.

The driver is the real one (`workers.ray.evaluator.RayEvaluator`), and so are its search, its chunks, messages and Ray.
The workers are bare actors on this machine that sleep for what BipedalWalker costs (`benchmarks.bare_worker`), by
the lengths of episodes of an ordinary search (`benchmarks.walker_times`). With ``--speed 8`` they take an eighth of the
time: where the share in which they are busy falls, the driver is the limit.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from functools import partial
from itertools import product
from statistics import median
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.bare_worker import Lengths
from benchmarks.measuring import seconds_of, timed
from benchmarks.walker_times import ROLLOUTS, kept_times, walker_search
from envs.box2d.walker.task import BipedalWalker
from evolution.protocol import AskTell
from experiment.terminal.command_line import exit_status
from workers.ray import evaluator as ray_evaluator
from workers.ray.actors import actor_options
from workers.ray.cluster import RaySession, connect
from workers.ray.dispatch import Dispatcher
from workers.ray.evaluation_work import EvaluationWork
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions


class Places:
    """Stands for an actor class: of every ``per_process`` workers that are asked for, all are threads of one actor.

    An actor without work wakes a hundred times a second. Hundreds of processes would take the machine from the driver,
    which on a cluster has its own.
    """

    def __init__(self, actor_class: Any, per_process: int) -> None:
        self._actor_class, self._per_process = actor_class, per_process
        self._count, self._actor = 0, None

    def remote(self, *arguments: Any) -> SimpleNamespace:
        place = self._count % self._per_process
        if place == 0:
            self._actor = self._actor_class.remote(*arguments)
        self._count += 1
        calls = {name: getattr(self._actor, name) for name in ("start", "ping", "evaluate", "hurry")}
        return SimpleNamespace(
            **{name: SimpleNamespace(remote=partial(call.remote, place)) for name, call in calls.items()}
        )


def bare_actor_class(lengths: Lengths, per_process: int = 1) -> Callable[[RaySession], Any]:
    """Takes the place of `workers.ray.actors.make_actor_class`."""

    def make(session: RaySession) -> Places:
        import ray

        class BareWorker:
            """Workers of one process; each does one thing at a time."""

            def __init__(self, paths: list[str], driver_node: str) -> None:
                import os
                import sys
                import threading

                sys.path[:] = paths
                os.nice(10)  # Elsewhere it would take no time from the driver.
                self.speed = 1.0
                self.at_work = [threading.Lock() for _ in range(per_process)]

            def hurry(self, place: int, speed: float) -> None:
                self.speed = speed

            def start(
                self, place: int, task: bytes, files: dict, versions: dict, modules: tuple[str, ...]
            ) -> tuple[int, str, None]:
                import os

                import ray

                return os.getpid(), ray.get_runtime_context().get_node_id(), None

            def ping(self, place: int) -> None:
                return None

            def evaluate(self, place: int, chunk: bytes, shared: bytes) -> bytes:
                from benchmarks.bare_worker import answer

                with self.at_work[place]:
                    return answer(lengths, chunk, self.speed)

        # Twice as many threads as workers, since each may hold a chunk that waits for its turn.
        options = actor_options(session)
        return Places(ray.remote(**{**options, "max_concurrency": 2 * per_process})(BareWorker), per_process)

    return make


def one_generation(search: AskTell, evaluator: RayEvaluator, rollouts: int) -> dict[str, float]:
    """Ask, evaluate on so many rollouts, tell; seconds of each, and of the parts of the driver's work."""
    import ray

    before = evaluator.statistics()
    figures: dict[str, float] = {}
    begin = time.perf_counter()
    request = search.ask()
    figures["ask_tell_seconds"] = time.perf_counter() - begin
    with ExitStack() as stack:
        parts = {
            name: stack.enter_context(timed(owner, function))
            for name, owner, function in (
                ("cut", ray_evaluator, "chunks_of"),
                ("serialise", EvaluationWork, "chunk_bytes"),
                ("send", Dispatcher, "_send"),
                ("wait", ray, "wait"),
                ("get", ray, "get"),
                ("answer", Dispatcher, "_on_answer"),
                ("fill", EvaluationWork, "fill"),
            )
        }
        begin, computing = time.perf_counter(), time.process_time()
        returns = evaluator.evaluate(request.networks, request.weights, np.arange(rollouts))
        figures["wall_seconds"] = time.perf_counter() - begin
        figures["driver_cpu_seconds"] = time.process_time() - computing
    figures["ask_tell_seconds"] += seconds_of(lambda: search.tell(returns.values.mean(axis=2, keepdims=True)))
    now = evaluator.statistics()
    figures["genomes"] = len(request.networks)
    figures["slept_seconds"] = now["worker_busy_seconds"] - before["worker_busy_seconds"]
    figures["chunks"] = now["worker_chunks"] - before["worker_chunks"]
    figures["stragglers"] = now["worker_stragglers"] - before["worker_stragglers"]
    figures |= {f"{name}_seconds": sum(seconds) for name, seconds in parts.items()}
    figures["busy"] = figures["slept_seconds"] / (now["worker_count"] * figures["wall_seconds"])
    return figures


COLUMNS = (
    "workers | rollouts | speed | busy (least to most) | seconds | ms per chunk | chunks | chunks/s | ask and tell s | "
    "driver's CPU | us per chunk: serialise | submit | wait | receive | fill"
)


def report(workers: int, rollouts: int, speed: float, generations: list[dict[str, float]]) -> str:
    """A row of medians under `COLUMNS`."""
    of = {key: median(one[key] for one in generations) for key in generations[0]}
    busy = [one["busy"] for one in generations]
    chunks, wall = of["chunks"], of["wall_seconds"]
    parts = (
        of["serialise_seconds"],
        of["send_seconds"] - of["serialise_seconds"],
        of["wait_seconds"],
        of["answer_seconds"] - of["fill_seconds"],
        of["fill_seconds"],
    )
    cells = (
        f"{workers} | {rollouts} | {speed:g} | {median(busy):.1%} ({min(busy):.1%} to {max(busy):.1%})",
        f"{wall:.2f} | {1000 * of['slept_seconds'] / chunks:.1f} | {chunks:.0f} | {chunks / wall:,.0f}",
        f"{of['ask_tell_seconds']:.3f} | {of['driver_cpu_seconds'] / wall:.0%}",
        *(f"{1e6 * seconds / chunks:.0f}" for seconds in parts),
    )
    return " | ".join(cells)


def measure(
    workers: int, per_process: int, speeds: list[float], sizes: list[int], generations: int, profile: bool
) -> None:
    """Start ``workers``, and let them work for some generations at each speed and number of rollouts."""
    import ray

    times = kept_times()
    actor_class = bare_actor_class((times.steps, times.seconds_per_step, times.seconds_per_tick), per_process)
    task, search = BipedalWalker(), walker_search()
    with RayEvaluator(
        task, RayOptions(workers, home_seconds=0, start_seconds=3600, actor_class_of=actor_class)
    ) as evaluator:
        print(f"{workers} started in {seconds_of(evaluator.wait_until_started):.0f} s", flush=True)
        for speed, rollouts in product(speeds, sizes):
            ray.get([worker.actor.hurry.remote(speed) for worker in evaluator.workers])
            for _ in range(2):
                one_generation(search, evaluator, rollouts)  # learns what chunks cost
            with cProfile.Profile() if profile else nullcontext() as profiler:
                measured = [one_generation(search, evaluator, rollouts) for _ in range(generations)]
                print(report(workers, rollouts, speed, measured), flush=True)
            if profiler is not None:
                pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[256])
    parser.add_argument("--speed", type=float, nargs="+", default=[1.0])
    parser.add_argument("--per-process", type=int, default=16, help="workers of one process, as its threads")
    parser.add_argument("--rollouts", type=int, nargs="+", default=[ROLLOUTS], help="of each genome (%(default)s)")
    parser.add_argument("--generations", type=int, default=7)
    parser.add_argument("--profile", action="store_true", help="print where the driver's time goes")
    given = parser.parse_args(arguments)
    print(COLUMNS)
    session = connect(2, None)  # starts so many processes at once
    try:
        for workers in given.workers:
            measure(workers, given.per_process, given.speed, given.rollouts, given.generations, given.profile)
    finally:
        session.close()
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.scaling", lambda: main(sys.argv[1:])))
