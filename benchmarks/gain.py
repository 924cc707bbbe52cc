"""What copies of relays do, before any evolution: ``python -m benchmarks.gain RUN STAGE``.

The first survivor of a stage is mirrored, each of its relays is copied k times (`evolution.mutation.mirroring`), and it
plays whole episodes at random shared weights, U(-2, 2), in the run's simulator. The Markdown table has the mean return
for each k, and for each part of the weights.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs import load_config
from evolution.mutation.mirroring import amplified, mirrored
from experiment.build import task_of
from storage.genome_file import load_genomes
from storage.run_directory import CONFIG
from wann.network import Networks, compile_population
from wann.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform

LARGEST = 2.0  # absolute value of a weight
PARTS = 8  # of the absolute weights


def returns_at(networks: Networks, run: Path, episodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random weights [W], and the returns [P, W] of one episode at each."""
    task = task_of(load_config(run / CONFIG)).reported
    weights = stratified_uniform(keyed_rng(0, Purpose.CHAMPION_SELECTION, 4000), -LARGEST, LARGEST, episodes)
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 4000, episodes)
    return weights, task.evaluate(networks, weights, seeds[:, None]).values[:, :, 0]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.gain", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="with stages")
    parser.add_argument("stage", metavar="STAGE")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4, 8], help="of each relay (%(default)s)")
    parser.add_argument("--episodes", type=int, default=64, help="for each number of copies (%(default)s)")
    options = parser.parse_args(arguments)
    found = next(iter(sorted(options.run.glob(f"stages/*-{options.stage}/restart-*/survivors"))), None)
    if found is None:
        parser.error(f"expected a finished stage {options.stage} in {options.run}, found none")
    edges = np.linspace(0, LARGEST, PARTS + 1)
    spans = [f"{low:g} to {high:g}" for low, high in pairwise(edges.tolist())]
    print(f"| copies | connections | all weights | {' | '.join(spans)} |")
    print("|--:" * (3 + PARTS) + "|")
    genome = mirrored(load_genomes(found).genomes.take(np.array([0])))
    for copies in options.copies:
        networks = compile_population(amplified(genome, copies))
        weights, (returns,) = returns_at(networks, options.run, options.episodes)
        part = np.minimum((np.abs(weights) / LARGEST * PARTS).astype(int), PARTS - 1)
        means = [f"{returns[part == index].mean():.0f}" if (part == index).any() else "" for index in range(PARTS)]
        print(
            f"| {copies} | {networks.num_connections()[0]} | {returns.mean():.0f} | {' | '.join(means)} |", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
