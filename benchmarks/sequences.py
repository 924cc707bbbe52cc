"""Populations on sequences: the kernels beside the NumPy oracle, which runs all lanes of a network at once."""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks.measuring import Figures, cpu_seconds_of
from envs.registry import make_task
from envs.testing.networks import random_genome, with_memory
from wann.network import compile_population
from wann.population import Population

_WEIGHTS = np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
_FEW = 8  # networks of the population that the oracle runs


def sequences() -> Figures:
    """128 random networks with delays, on 64 sequences of parity with 16 steps at each of six weights, in CPU time."""
    rng = np.random.default_rng(0)
    genomes = [with_memory(random_genome(1, 2, rng, max_hidden=20), rng, 8, plastic_share=0) for _ in range(128)]
    networks, task = compile_population(Population.of(genomes)), make_task("parity", {"shortest": 16})
    few = list(networks.take(np.arange(_FEW)))
    rates, ratios = [], []
    for attempt in range(16):
        steps = task.evaluate(networks, _WEIGHTS, [1]).steps.sum()
        seconds = cpu_seconds_of(lambda: task.evaluate(networks, _WEIGHTS, [1]))
        oracle = cpu_seconds_of(lambda: [task.evaluate_oracle(network, _WEIGHTS, [1]) for network in few])
        if attempt:
            rates.append(steps / seconds)
            ratios.append(oracle / _FEW * len(networks) / seconds)
    yield "sequences_connections", float(np.median(networks.num_connections()))
    yield "sequences_steps_per_second", median(rates)
    yield "sequences_ratio_to_numpy", median(ratios)
