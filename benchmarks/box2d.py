"""Figures of BipedalWalker in EnvPool, on nets of the published walker's size."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.evolved import load
from envs.bipedal_walker import _WAVE, BipedalWalker
from wann.network import Networks, compile_population
from wann.population import Population

Figures = Iterator[tuple[str, float]]
ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = np.array([1.0])
MEMORY_GENERATIONS = 200
WALKERS = 256


def biped_speed() -> Figures:
    """Steps a second of the task, and as a share of what EnvPool alone steps in the same minutes.

    Bare is the least that any user of EnvPool must pay for the same episodes: pools of the same size with the same
    seeds, which take the very actions of the episodes, made beforehand, and step the very lanes that are not over.
    """
    networks = walkers()
    yield "biped_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "biped_connections", float(networks.num_connections().mean())
    seeds = np.arange(_WAVE["envpool"] // len(networks))
    task = BipedalWalker(simulator="envpool", max_steps=400)
    pools = _Recorded.of(task, networks, seeds)
    rates, shares = [], []
    for _ in range(7):
        seconds, steps = _timed(lambda: int(task.evaluate(networks, WEIGHTS, seeds).steps.sum()))
        bare_seconds, bare_steps = _timed(lambda: _step_bare(pools))
        assert steps == bare_steps
        rates.append(steps / seconds)
        shares.append(bare_seconds / seconds)
    yield "biped_steps_per_second", median(rates)
    yield "biped_fraction_of_bare_envpool", median(shares)


class _Recorded:
    """Seeds, and the (lanes, actions) of every step, of a pool that a task played."""

    def __init__(self, id: str, seeds: NDArray[np.int64]) -> None:
        self.id, self.seeds = id, seeds
        self.steps: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []

    @classmethod
    def of(cls, task: BipedalWalker, networks: Networks, seeds: NDArray[np.int64]) -> list[_Recorded]:
        """All pools of one evaluation, in order."""
        from envs import bipedal_walker

        recorded: list[_Recorded] = []

        class Recorder(bipedal_walker.EnvPoolPool):
            def __init__(self, id, to_actions, seeds, fall_reward=None):
                super().__init__(id, to_actions, seeds, fall_reward)
                recorded.append(cls(id, seeds))

            def step(self, lanes, outputs):
                recorded[-1].steps.append((lanes.copy(), self._to_actions(outputs)))
                return super().step(lanes, outputs)

        plain = bipedal_walker.EnvPoolPool
        bipedal_walker.EnvPoolPool = Recorder  # type: ignore[misc]
        try:
            task.evaluate(networks, WEIGHTS, seeds)
        finally:
            bipedal_walker.EnvPoolPool = plain  # type: ignore[misc]
        return recorded


def _step_bare(pools: list[_Recorded]) -> int:
    import envpool

    steps = 0
    for recorded in pools:
        seeds = recorded.seeds.tolist()
        pool = envpool.make(recorded.id, env_type="gymnasium", num_envs=len(seeds), num_threads=1, seed=seeds)
        pool.reset()
        for lanes, actions in recorded.steps:
            pool.step(actions, lanes)
            steps += len(lanes)
        pool.close()
    return steps


def biped_workers() -> Figures:
    """How many times as many steps a second two worker processes make as one does."""
    from workers.ray_pool import RayEvaluator
    from workers.ray_session import connect

    networks, seeds = walkers(), np.arange(16)
    session = connect(3, None)  # with a place for each of the three workers
    task = BipedalWalker(simulator="envpool", max_steps=200)
    ratios = []
    try:
        with RayEvaluator(task, 1, home_seconds=0) as one, RayEvaluator(task, 2, home_seconds=0) as two:
            for turn in range(6):
                alone, _ = _timed(lambda: one.evaluate(networks, WEIGHTS, seeds))
                together, _ = _timed(lambda: two.evaluate(networks, WEIGHTS, seeds))
                if turn:  # the first one starts processes and learns how long chunks take
                    ratios.append(alone / together)
    finally:
        session.close()
    yield "ray_scaling_2_workers_biped", median(ratios)


def biped_memory() -> Figures:
    """Size of a process that evaluates 256 walkers a generation, and its growth once it has seen a few."""
    script = "from benchmarks.box2d import print_memory; print_memory()"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    most, growth = map(float, answer.stdout.split())
    yield "biped_worker_megabytes", most
    yield "biped_worker_growth_megabytes", growth


def print_memory(generations: int = MEMORY_GENERATIONS) -> None:
    """The most resident megabytes after any generation, and the growth since a fifth of them."""
    sizes = []
    for generation in range(generations):
        worker_generation(generation)
        sizes.append(resident_megabytes())
    print(max(sizes), sizes[-1] - sizes[generations // 5])


def worker_generation(generation: int) -> None:
    """What a worker does: 256 walkers in environments of their own, cut short since only their number counts."""
    task = BipedalWalker(simulator="envpool", max_steps=5 + generation % 6)
    networks = walkers()
    task.evaluate(networks.take(np.arange(WALKERS) % len(networks)), WEIGHTS, [generation])


def resident_megabytes() -> float:
    """What this process alone holds: pages of files come and go as the system likes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon:"))


def walkers() -> Networks:
    return compile_population(Population.of(load("biped_conns210")))


def _timed(action):
    begin = time.perf_counter()
    answer = action()
    return time.perf_counter() - begin, answer
