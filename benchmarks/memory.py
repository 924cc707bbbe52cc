"""Steps per second of networks with delays and plastic connections, beside the same networks without."""

from __future__ import annotations

import time
from statistics import median

import numpy as np

from benchmarks.evolved import load
from benchmarks.measuring import Figures
from envs.cartpole.task import CartPoleSwingUp
from wann.genome import Genome, make_genome
from wann.network import Networks, compile_population
from wann.population import Population

_CHANGED = 14  # of about 55 connections


def memory() -> Figures:
    """Nets of about 30 nodes and 55 connections, 14 of them delayed or plastic, in 64 lanes of CartPoleSwingUp."""
    genomes = load("swingup_conns55")
    plain = compile_population(Population.of(genomes))
    kinds = {
        "recurrent": compile_population(Population.of([_changed(genome, delayed=True) for genome in genomes])),
        "plastic": compile_population(Population.of([_changed(genome, delayed=False) for genome in genomes])),
    }
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    shares: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(15):
        for name, networks in kinds.items():
            feed_forward = _rate(plain)  # just before, as the speed of a shared machine changes
            rate = _rate(networks)
            rates[name].append(rate)
            shares[name].append(rate / feed_forward)
    yield "recurrent_steps_per_second_64_lanes", median(rates["recurrent"])
    yield "plastic_steps_per_second", median(rates["plastic"])
    for name, share in shares.items():
        yield f"{name}_fraction_of_feed_forward", median(share)


def _rate(networks: Networks) -> float:
    """Short episodes of many networks, so that hardly a cart leaves the track: learning networks push it off soon."""
    many = networks.take(np.tile(np.arange(len(networks)), 8))
    begin = time.perf_counter()
    steps = CartPoleSwingUp(max_steps=120).evaluate(many, np.linspace(-2, 2, 32), np.arange(2)).steps.sum()
    return float(steps) / (time.perf_counter() - begin)


def _changed(genome: Genome, delayed: bool) -> Genome:
    """The genome with some of its enabled connections delayed by 1 to 4 steps, or plastic."""
    genes = np.flatnonzero(genome.enabled & (genome.sources > 0))
    chosen = np.random.default_rng(0).choice(genes, min(_CHANGED, len(genes)), replace=False)
    delays, plastic = np.zeros(len(genome.sources), np.int8), np.zeros(len(genome.sources), bool)
    if delayed:
        delays[chosen] = 1 + np.arange(len(chosen)) % 4
    else:
        plastic[chosen] = True
    genes_of = genome.sources, genome.targets, genome.enabled
    return make_genome(genome.num_inputs, genome.num_outputs, genome.activations, *genes_of, delays, plastic)
