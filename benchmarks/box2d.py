"""Figures of BipedalWalker in lanes, on nets of the published walker's size."""

from __future__ import annotations

from functools import partial
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks import bare_envpool
from benchmarks.evolved import load
from benchmarks.measuring import Figures, cpu_seconds_of, gain_of_second_worker, seconds_of, worker_memory
from envs.box2d.engine.vectors import LANES
from envs.box2d.walker.task import BipedalWalker
from wann.network import Networks, compile_population
from wann.population import Population

WEIGHTS = np.array([1.0])
WALKERS = 256


def biped_speed() -> Figures:
    """Steps a second of the task, all included, and beside what EnvPool alone steps in turns; see `bare_envpool`."""
    networks = walkers()
    yield "biped_nodes", 1 + networks.num_inputs + float(np.diff(networks.node_offsets).mean())
    yield "biped_connections", float(networks.num_connections().mean())
    rate, ratio = _beside_envpool(BipedalWalker(max_steps=400), networks)
    yield "biped_steps_per_second", rate
    yield "biped_ratio_to_envpool", ratio
    rate, ratio = _beside_envpool(BipedalWalker(hardcore=True, max_steps=400), networks)
    yield "biped_hardcore_steps_per_second", rate
    yield "biped_hardcore_ratio_to_envpool", ratio
    yield from _parts(networks)


def _beside_envpool(task: BipedalWalker, networks: Networks) -> tuple[float, float]:
    """Steps a second, and as a multiple of EnvPool's on as many episodes of the same networks."""
    seeds = np.arange(WALKERS // len(networks))
    pools = bare_envpool.recorded(task, networks, WEIGHTS, seeds, WALKERS)
    bare_steps = sum(pool.num_steps for pool in pools)
    steps = float(task.evaluate(networks, WEIGHTS, seeds).steps.sum())
    rates, ratios = [], []
    for _ in range(7):
        rates.append(steps / seconds_of(lambda: task.evaluate(networks, WEIGHTS, seeds)))
        ratios.append(rates[-1] * seconds_of(lambda: bare_envpool.replay(pools)) / bare_steps)
    return median(rates), median(ratios)


def _parts(networks: Networks) -> Figures:
    """Shares of the time: terrains, networks, and the rest, which is physics with observations and rewards."""
    from envs.box2d.walker.terrain import make_grounds

    task, seeds = BipedalWalker(max_steps=400), np.arange(WALKERS // len(networks))
    steps = task.evaluate(networks, WEIGHTS, seeds).steps
    whole = median(cpu_seconds_of(lambda: task.evaluate(networks, WEIGHTS, seeds)) for _ in range(5))
    terrains = median(cpu_seconds_of(lambda: make_grounds(seeds, False)) for _ in range(5))
    yield "biped_share_of_terrains", terrains / whole
    yield "biped_share_of_networks", _network_seconds(networks, steps) / whole


def _network_seconds(networks: Networks, steps: NDArray[np.int64]) -> float:
    """Time of the networks alone in episodes of ``steps`` [P, W, R] that began together.

    All lanes of a network are one call, which takes as long with one lane as with sixteen.
    """
    from benchmarks.vector_calls import run_calls
    from wann.kernels.state_forward import Buffers

    programs, num_inputs = networks.program_arrays(), networks.num_inputs
    buffers = Buffers.of(programs, networks.state_arrays(), num_inputs, LANES, False)
    buffers.values[1 : 1 + num_inputs] = np.random.default_rng(0).normal(0, 0.5, (num_inputs, LANES))
    calls = np.tile(np.repeat(np.arange(len(networks)), steps.max((1, 2))), 10)
    return median(cpu_seconds_of(lambda: run_calls(programs, calls, 1 + num_inputs, buffers)) for _ in range(6)) / 10


def biped_company() -> Figures:
    """Steps per second of processor time in calls of few walkers, each of another network or another seed."""
    task, networks = BipedalWalker(max_steps=500), walkers()
    for size in (8, 16, 48, 96, 192):
        own, seeds = networks.take(np.arange(min(size, len(networks)))), np.arange(-(-size // len(networks)))
        steps = float(task.evaluate(own, WEIGHTS, seeds).steps.sum())
        seconds = (cpu_seconds_of(partial(task.evaluate, own, WEIGHTS, seeds)) for _ in range(5))
        yield f"biped_steps_per_second_of_{size}", steps / median(seconds)


def biped_workers() -> Figures:
    """Steps per second of two worker processes, as a multiple of those of one."""
    task = BipedalWalker(max_steps=200)
    yield "ray_scaling_2_workers_biped", gain_of_second_worker(task, walkers(), WEIGHTS, np.arange(128))


def biped_memory() -> Figures:
    """Size of a process that evaluates 256 walkers a generation, and its growth, see `worker_memory`."""
    yield from worker_memory("biped", "benchmarks.box2d")


def worker_generation(generation: int) -> None:
    """The work of a worker: 256 walkers in their own environments, cut short because only their number matters."""
    task = BipedalWalker(max_steps=5 + generation % 6)
    networks = walkers()
    task.evaluate(networks.take(np.arange(WALKERS) % len(networks)), WEIGHTS, [generation])


def walkers() -> Networks:
    return compile_population(Population.of(load("biped_conns210")))
