"""Figures of CarRacing in EnvPool: frames a second with preprocessing, encoding and policy, and where the time goes."""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks.evolved import GROWING
from benchmarks.measuring import Figures, gain_of_second_worker, recorded, seconds_of, timed
from envs.box2d.racer import encoder as car_encoder
from envs.box2d.racer.task import CarRacing
from evolution.mutation.apply import draw_operators, mutate, palette_of, prune
from wann.activations import ELEMENTWISE
from wann.genome import minimal_genome
from wann.network import Networks, compile_population
from wann.population import Population

WEIGHTS = np.array([1.0])
CONNECTIONS = 245  # as the published racer


def car_racing_speed() -> Figures:
    """Frames a second of the task, all included; of EnvPool alone; and the parts of the time."""
    networks = racers()
    yield "car_racing_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "car_racing_connections", float(networks.num_connections().mean())
    task = CarRacing(simulator="envpool", max_steps=150)
    seeds = np.arange(max(1, task.waves["envpool"] // len(networks)))
    pools = recorded(task, networks, WEIGHTS, seeds)
    steps = sum(pool.num_steps for pool in pools)
    rates, bare, preparing, encoding = [], [], [], []
    for _ in range(7):
        with timed(car_encoder, "preprocess") as prepared, timed(car_encoder.Encoder, "encode") as encoded:
            seconds = seconds_of(lambda: task.evaluate(networks, WEIGHTS, seeds))
        bare_seconds = seconds_of(lambda: [pool.play() for pool in pools])
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
    """Frames per second of two worker processes, as a multiple of those of one."""
    task = CarRacing(simulator="envpool", max_steps=100)
    yield "ray_scaling_2_workers_car_racing", gain_of_second_worker(task, racers(), WEIGHTS, np.arange(4))


def racers(count: int = 8) -> Networks:
    """Networks of the published racer's size, grown by mutation alone: what they do is of no account here."""
    rng = np.random.default_rng(0)
    population = Population.of([minimal_genome(CarRacing.num_inputs, CarRacing.num_outputs)] * count)
    palette = palette_of(list(ELEMENTWISE))
    while np.median(compile_population(population).num_connections()) < CONNECTIONS:
        population = prune(mutate(population, *draw_operators(rng, count, GROWING.model_dump(), 0.0), palette))
    return compile_population(population)
