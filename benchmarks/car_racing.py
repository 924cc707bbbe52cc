"""Figures of CarRacing in lanes: frames a second, all included, beside bare EnvPool, and where the time goes."""

from __future__ import annotations

from functools import cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks import bare_envpool
from benchmarks.evolved import GROWING
from benchmarks.measuring import Figures, gain_of_second_worker, seconds_of, timed, worker_memory
from envs.box2d.racer import episodes, sight
from envs.box2d.racer.task import CarRacing, to_actions
from envs.lane_networks import LaneNetworks
from evolution.mutation.apply import draw_operators, mutate, palette_of, prune
from wann.activations import ELEMENTWISE
from wann.genome import minimal_genome
from wann.network import Networks, compile_population
from wann.population import Population

WEIGHTS = np.array([1.0])
CONNECTIONS = 245  # as the published racer
STEPS = 300  # of an episode
BARE_POOL, BARE_STEPS = 8, 150  # EnvPool is fastest with so many environments


def car_racing_speed() -> Figures:
    """Frames a second of the task, all included; of EnvPool alone, in turns; and the parts of the time."""
    networks, task, seeds = racers(), CarRacing(simulator="lanes", max_steps=STEPS), np.arange(8)
    yield "car_racing_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "car_racing_connections", float(networks.num_connections().mean())
    frames = float(task.evaluate(networks, WEIGHTS, seeds).steps.sum())
    actions = bare_actions()
    parts: dict[str, list[float]] = {"physics": [], "picture": [], "encoder": [], "network": []}
    rates, bare = [], []
    for _ in range(7):
        with (
            timed(episodes, "step_lanes") as physics,
            timed(sight, "draw_all") as picture,
            timed(type(task.sight().encoder), "encode_images") as encoder,
            timed(LaneNetworks, "run") as network,
        ):
            seconds = seconds_of(lambda: task.evaluate(networks, WEIGHTS, seeds))
        rates.append(frames / seconds)
        for calls, shares in zip((physics, picture, encoder, network), parts.values(), strict=True):
            shares.append(sum(calls) / seconds)
        bare_seconds = seconds_of(lambda: bare_envpool.play(task.id, np.arange(BARE_POOL), actions))
        bare.append(BARE_POOL * BARE_STEPS / bare_seconds)
    yield "car_racing_frames_per_second", median(rates)
    yield "car_racing_bare_envpool_frames_per_second", median(bare)
    yield "car_racing_ratio_to_envpool", median(a / b for a, b in zip(rates, bare, strict=True))
    for name, shares in parts.items():
        yield f"car_racing_share_of_{name}", median(shares)
    yield "car_racing_share_of_rest", 1 - sum(median(shares) for shares in parts.values())


def car_racing_workers() -> Figures:
    """Frames per second of two worker processes, as a multiple of those of one."""
    task = CarRacing(simulator="lanes", max_steps=STEPS)
    yield "ray_scaling_2_workers_car_racing", gain_of_second_worker(task, racers(32), WEIGHTS, np.arange(16))


def car_racing_memory() -> Figures:
    """Size of a process that evaluates 256 racers a generation, and its growth, see `worker_memory`."""
    yield from worker_memory("car_racing", "benchmarks.car_racing")


def worker_generation(generation: int) -> None:
    """The work of a worker: 256 racers on four new tracks, cut short because only their number matters."""
    networks = racers()
    task = CarRacing(simulator="lanes", max_steps=5 + generation % 6)
    task.evaluate(networks.take(np.arange(64) % len(networks)), WEIGHTS, 4 * generation + np.arange(4))


def bare_actions() -> NDArray[np.float32]:
    """Actions [T, L, 3] as those of newborn racers: held for a while, drawn anew."""
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(BARE_STEPS // 10, BARE_POOL, 3))
    return np.repeat(to_actions(outputs), 10, axis=0)


@cache
def racers(count: int = 8) -> Networks:
    """Networks of the published racer's size, grown by mutation alone: what they do is of no account here."""
    rng = np.random.default_rng(0)
    shape = CarRacing(simulator="lanes")
    population = Population.of([minimal_genome(shape.num_inputs, shape.num_outputs)] * count)
    palette = palette_of(list(ELEMENTWISE))
    while np.median(compile_population(population).num_connections()) < CONNECTIONS:
        population = prune(mutate(population, *draw_operators(rng, count, GROWING.model_dump(), 0.0), palette))
    return compile_population(population)
