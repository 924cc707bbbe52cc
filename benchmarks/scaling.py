"""What one driver can feed: ``python -m benchmarks.scaling``, some minutes for 256 workers to start on two cores.

The driver is the real one (`workers.ray_pool.RayEvaluator`), and so are its search, its chunks, messages and Ray. The
workers are bare actors on this machine that sleep for what BipedalWalker costs (`benchmarks.bare_worker`), by
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
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.bare_worker import Lengths
from benchmarks.measuring import seconds_of, timed
from benchmarks.walker_times import ROLLOUTS, kept_times, walker_search
from envs.bipedal_walker import BipedalWalker
from evolution.search import Search
from workers.ray_pool import RayEvaluator
from workers.ray_request import Request
from workers.ray_session import RaySession, connect


def bare_actor_class(lengths: Lengths, workers: int, started: str) -> Callable[[RaySession], Any]:
    """Takes the place of `workers.ray_session.make_actor_class`.

    An actor without work wakes a hundred times a second, so that those that have started would keep the others from it.
    Hence each is at work until all ``workers`` have left a file in the directory ``started``.
    """

    def make(session: RaySession) -> Any:
        import ray

        class BareWorker:
            def __init__(self, paths: list[str], driver_node: str) -> None:
                import os
                import sys

                sys.path[:] = paths
                os.nice(10)  # Elsewhere it would take no time from the driver.
                self.speed = 1.0

            def hurry(self, speed: float) -> None:
                self.speed = speed

            def start(self, task: bytes, files: dict[str, Any], versions: dict[str, str]) -> tuple[int, str, None]:
                import os
                import time

                import ray

                open(os.path.join(started, str(os.getpid())), "w").close()
                while len(os.listdir(started)) < workers:
                    time.sleep(1.0)
                return os.getpid(), ray.get_runtime_context().get_node_id(), None

            def ping(self) -> None:
                return None

            def evaluate(self, chunk: bytes, shared: bytes) -> bytes:
                from benchmarks.bare_worker import answer

                return answer(lengths, chunk, self.speed)

        return ray.remote(num_cpus=session.cpus_per_worker, max_restarts=0, max_task_retries=0)(BareWorker)

    return make


def one_generation(search: Search, evaluator: RayEvaluator) -> dict[str, float]:
    """Ask, evaluate, tell; seconds of each, and of the parts of the driver's work."""
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
                ("cut", RayEvaluator, "_cut"),
                ("serialise", Request, "chunk_bytes"),
                ("send", RayEvaluator, "_send"),
                ("wait", ray, "wait"),
                ("get", ray, "get"),
                ("answer", RayEvaluator, "_on_answer"),
                ("fill", Request, "fill"),
            )
        }
        begin, computing = time.perf_counter(), time.process_time()
        returns = evaluator.evaluate(request.networks, request.weights, np.arange(ROLLOUTS))
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
    "workers | speed | busy (least to most) | seconds | ms per chunk | chunks | chunks/s | ask and tell s | "
    "driver's CPU | us per chunk: serialise | submit | wait | receive | fill"
)


def report(workers: int, speed: float, generations: list[dict[str, float]]) -> str:
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
        f"{workers} | {speed:g} | {median(busy):.1%} ({min(busy):.1%} to {max(busy):.1%})",
        f"{wall:.2f} | {1000 * of['slept_seconds'] / chunks:.1f} | {chunks:.0f} | {chunks / wall:,.0f}",
        f"{of['ask_tell_seconds']:.3f} | {of['driver_cpu_seconds'] / wall:.0%}",
        *(f"{1e6 * seconds / chunks:.0f}" for seconds in parts),
    )
    return " | ".join(cells)


def measure(workers: int, speeds: list[float], generations: int, profile: bool) -> None:
    """Start ``workers``, and let them work for some generations at each speed."""
    import ray

    times = kept_times()
    lengths = times.steps, times.seconds_per_step, times.seconds_per_tick
    task, search = BipedalWalker(simulator="envpool"), walker_search()
    with (
        TemporaryDirectory() as started,
        RayEvaluator(
            task,
            workers,
            home_seconds=0,
            start_seconds=3600,
            actor_class_of=bare_actor_class(lengths, workers, started),
        ) as evaluator,
    ):
        print(f"{workers} started in {seconds_of(evaluator.wait_until_started):.0f} s", flush=True)
        for speed in speeds:
            ray.get([worker.actor.hurry.remote(speed) for worker in evaluator._workers])
            for _ in range(2):
                one_generation(search, evaluator)  # learns what chunks cost
            with cProfile.Profile() if profile else nullcontext() as profiler:
                print(
                    report(workers, speed, [one_generation(search, evaluator) for _ in range(generations)]), flush=True
                )
            if profiler is not None:
                pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[256])
    parser.add_argument("--speed", type=float, nargs="+", default=[1.0])
    parser.add_argument("--generations", type=int, default=7)
    parser.add_argument("--profile", action="store_true", help="print where the driver's time goes")
    given = parser.parse_args(arguments)
    print(COLUMNS)
    session = connect(2, None)  # starts so many processes at once
    try:
        for workers in given.workers:
            measure(workers, given.speed, given.generations, given.profile)
    finally:
        session.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
