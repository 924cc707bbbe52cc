"""Figures of BipedalWalker in EnvPool, on nets of the published walker's size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.evolved import load
from benchmarks.measuring import Figures, gain_of_second_worker, recorded, seconds_of
from envs.box2d.walker.task import BipedalWalker
from wann.network import Networks, compile_population
from wann.population import Population
from workers.ray.memory import resident_megabytes

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = np.array([1.0])
MEMORY_GENERATIONS = 200
WALKERS = 256


def biped_speed() -> Figures:
    """Steps a second of the task, and as a share of what EnvPool alone steps in the same minutes."""
    networks = walkers()
    yield "biped_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "biped_connections", float(networks.num_connections().mean())
    task = BipedalWalker(simulator="envpool", max_steps=400)
    seeds = np.arange(task.waves["envpool"] // len(networks))
    pools = recorded(task, networks, WEIGHTS, seeds)
    steps = sum(pool.num_steps for pool in pools)
    rates, shares = [], []
    for _ in range(7):
        seconds = seconds_of(lambda: task.evaluate(networks, WEIGHTS, seeds))
        bare = seconds_of(lambda: [pool.play() for pool in pools])
        rates.append(steps / seconds)
        shares.append(bare / seconds)
    yield "biped_steps_per_second", median(rates)
    yield "biped_fraction_of_bare_envpool", median(shares)


def biped_workers() -> Figures:
    """Steps per second of two worker processes, as a multiple of those of one."""
    task = BipedalWalker(simulator="envpool", max_steps=200)
    yield "ray_scaling_2_workers_biped", gain_of_second_worker(task, walkers(), WEIGHTS, np.arange(16))


def biped_memory() -> Figures:
    """Size of a process that evaluates 256 walkers a generation, and its growth, see `print_memory`."""
    script = "from benchmarks.box2d import print_memory; print_memory()"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    most, growth = map(float, answer.stdout.split())
    yield "biped_worker_megabytes", most
    yield "biped_worker_growth_megabytes", growth


def print_memory(generations: int = MEMORY_GENERATIONS) -> None:
    """The most resident megabytes after any generation, and the growth from the second fifth of them to the last.

    Fifths are told by their medians: after one generation in about a hundred, the pool is not yet freed (50 MB).
    """
    sizes = []
    for generation in range(generations):
        worker_generation(generation)
        sizes.append(resident_megabytes())
    fifth = generations // 5
    print(max(sizes), median(sizes[-fifth:]) - median(sizes[fifth : 2 * fifth]))


def worker_generation(generation: int) -> None:
    """The work of a worker: 256 walkers in their own environments, cut short because only their number matters."""
    task = BipedalWalker(simulator="envpool", max_steps=5 + generation % 6)
    networks = walkers()
    task.evaluate(networks.take(np.arange(WALKERS) % len(networks)), WEIGHTS, [generation])


def walkers() -> Networks:
    return compile_population(Population.of(load("biped_conns210")))
