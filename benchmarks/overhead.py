"""The overhead of two Ray workers, by population and by the least work in a chunk."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np

from benchmarks.box2d import WEIGHTS, walkers
from benchmarks.evolved import load
from benchmarks.measuring import Figures, seconds_of
from configs.schema import PUBLISHED_WEIGHTS
from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.task import Task
from wann.network import Networks, compile_population
from wann.population import Population
from workers.evaluator import Evaluator

POPULATIONS = (48, 192, 480, 960)
CHUNK_MILLISECONDS = (1, 10, 100)
REPEATS = 7


def ray_overhead() -> Figures:
    """Per cent that a generation takes longer than half of what both workers were at work in it."""
    from workers.ray.cluster import connect
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    for name, task, networks, weights, rollouts in _cases():
        session = connect(2, None)
        try:
            for milliseconds in CHUNK_MILLISECONDS:
                with RayEvaluator(task, RayOptions(2, chunk_seconds=milliseconds / 1000, home_seconds=0)) as evaluator:
                    evaluator.wait_until_started()
                    for size in POPULATIONS:
                        population = networks.take(np.arange(size) % len(networks))
                        percent = 100 * _overhead(evaluator, population, weights, np.arange(rollouts))
                        yield f"ray_overhead_percent_{name}_pop{size}_chunk{milliseconds}ms", percent
        finally:
            session.close()


def _overhead(evaluator: Evaluator, networks: Networks, weights: np.ndarray, seeds: np.ndarray) -> float:
    shares = []
    for turn in range(2 + REPEATS):
        before = evaluator.statistics()["worker_busy_seconds"]
        wall = seconds_of(lambda: evaluator.evaluate(networks, weights, seeds))
        busy = (evaluator.statistics()["worker_busy_seconds"] - before) / 2
        if turn > 1:  # the first ones learn how long chunks take
            shares.append(wall / busy - 1)
    return median(shares)


def _cases() -> Iterator[tuple[str, Task, Networks, np.ndarray, int]]:
    """Name, task, networks, weights, and rollouts; walkers' episodes are cut since only their number counts."""
    swingup = compile_population(Population.of(load("swingup_conns55")))
    yield "swingup", CartPoleSwingUp(), swingup, np.array(PUBLISHED_WEIGHTS), 3
    yield "biped", BipedalWalker(max_steps=50), walkers(), WEIGHTS, 1
