"""Figures of CarRacing in EnvPool: frames a second with preprocessing, encoding and policy, and where the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from benchmarks.evolved import GROWING
from envs import car_encoder, car_racing
from envs.car_racing import _WAVE, ID, CarRacing, to_actions
from evolution.mutation import draw_operators, mutate, palette_of, prune
from wann.activations import ACTIVATIONS
from wann.genome import minimal_genome
from wann.network import Networks, compile_population
from wann.population import Population

Figures = Iterator[tuple[str, float]]
WEIGHTS = np.array([1.0])
CONNECTIONS = 245  # as the published racer


def car_racing_speed() -> Figures:
    """Frames a second of the task, all included; of EnvPool alone; and the parts of the time.

    Bare are pools of the same size and seeds that take the very actions of the episodes, made beforehand, in the
    lanes that are not over.
    """
    networks = racers()
    yield "car_racing_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "car_racing_connections", float(networks.num_connections().mean())
    task = CarRacing(simulator="envpool", max_steps=150)
    seeds = np.arange(_WAVE // len(networks))
    pools = recorded(task, networks, seeds)
    rates, bare, preparing, encoding = [], [], [], []
    for _ in range(7):
        with timed(car_encoder, "preprocess") as prepared, timed(car_encoder.Encoder, "encode") as encoded:
            seconds = _seconds(lambda: task.evaluate(networks, WEIGHTS, seeds))
        bare_seconds = _seconds(lambda: step_bare(pools))
        steps = sum(pool.num_steps for pool in pools)
        rates.append(steps / seconds)
        bare.append(steps / bare_seconds)
        preparing.append(sum(prepared) / seconds)
        encoding.append(sum(encoded) / seconds)
    yield "car_racing_frames_per_second", median(rates)
    yield "car_racing_bare_envpool_frames_per_second", median(bare)
    parts = {
        "simulator": median(a / b for a, b in zip(rates, bare, strict=True)),
        "preprocessing": median(preparing),
        "encoding": median(encoding),
    }
    for name, share in parts.items():
        yield f"car_racing_share_of_{name}", share
    yield "car_racing_share_of_policy_and_rest", 1 - sum(parts.values())


def car_racing_workers() -> Figures:
    """How many times as many frames a second two worker processes make as one does."""
    from workers.ray_pool import RayEvaluator

    networks, seeds = racers(), np.arange(4)
    task = CarRacing(simulator="envpool", max_steps=100)
    with RayEvaluator(task, 1, home_seconds=0) as one, RayEvaluator(task, 2, home_seconds=0) as two:
        ratios = []
        for turn in range(6):
            alone = _seconds(lambda: one.evaluate(networks, WEIGHTS, seeds))
            together = _seconds(lambda: two.evaluate(networks, WEIGHTS, seeds))
            if turn:  # the first one starts processes and learns how long chunks take
                ratios.append(alone / together)
    yield "ray_scaling_2_workers_car_racing", median(ratios)


class Recorded:
    """Seeds, and the (lanes, actions) of every step, of a pool that a task played."""

    def __init__(self, seeds: NDArray[np.int64]) -> None:
        self.seeds = seeds
        self.steps: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []

    @property
    def num_steps(self) -> int:
        return sum(len(lanes) for lanes, _ in self.steps)


def step_bare(pools: list[Recorded]) -> None:
    """Play them in EnvPool alone."""
    import envpool

    for recorded in pools:
        seeds = recorded.seeds.tolist()
        pool = envpool.make(ID, env_type="gymnasium", num_envs=len(seeds), num_threads=1, seed=seeds)
        pool.reset()
        for lanes, actions in recorded.steps:
            pool.step(actions, lanes)
        pool.close()


def recorded(task: CarRacing, networks: Networks, seeds: NDArray[np.int64]) -> list[Recorded]:
    """All pools of one evaluation, in order."""
    pools: list[Recorded] = []

    class Recorder(car_racing.EnvPoolPool):
        def __init__(self, id, to_actions, seeds, fall_reward=None):
            super().__init__(id, to_actions, seeds, fall_reward)
            pools.append(Recorded(seeds))

        def step(self, lanes, outputs):
            pools[-1].steps.append((lanes.copy(), to_actions(outputs)))
            return super().step(lanes, outputs)

    with mock.patch.object(car_racing, "EnvPoolPool", Recorder):
        task.evaluate(networks, WEIGHTS, seeds)
    return pools


def racers(count: int = 8) -> Networks:
    """Networks of the published racer's size, grown by mutation alone: what they do is of no account here."""
    rng = np.random.default_rng(0)
    population = Population.of([minimal_genome(CarRacing.num_inputs, CarRacing.num_outputs)] * count)
    palette = palette_of(list(ACTIVATIONS))
    while np.median(compile_population(population).num_connections()) < CONNECTIONS:
        population = prune(mutate(population, *draw_operators(rng, count, GROWING.model_dump(), 0.0), palette))
    return compile_population(population)


@contextmanager
def timed(owner: Any, name: str) -> Iterator[list[float]]:
    """The seconds of every call of ``owner.name`` while the context lasts."""
    seconds: list[float] = []
    plain = getattr(owner, name)

    def function(*arguments: Any) -> Any:
        begin = time.perf_counter()
        answer = plain(*arguments)
        seconds.append(time.perf_counter() - begin)
        return answer

    with mock.patch.object(owner, name, function):
        yield seconds


def _seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin
