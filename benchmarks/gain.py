"""What copies of relays do, before any evolution: ``python -m benchmarks.gain RUN --stage STAGE``, or a champion file.

The first survivor of a stage is mirrored; one that is mirrored already (``--mirrored``), or a champion, is taken as it
is. Each of its relays is copied k times (`evolution.mutation.mirroring`), and it plays whole episodes at random
shared weights, U(-2, 2), in lanes where the task has them. The Markdown table has the mean return for each k, and for
each part of the weights.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.survivors import first_survivor
from envs.registry import task_of_champion
from envs.task import Task
from evolution.mutation.mirroring import amplified, mirrored
from experiment.terminal.command_line import exit_status
from wann.champion import load_champion
from wann.network import Networks, compile_population
from wann.population import Population
from wann.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform

LARGEST = 2.0  # absolute value of a weight
PARTS = 8  # of the absolute weights


def mirrored_of(source: Path, stage: str | None, is_mirrored: bool) -> tuple[Task, Population]:
    """The task, and one mirrored genome, of a champion file or of a stage of a run, whose survivors may be mirrored.

    Raises:
        UserError: the run has no such finished stage.
    """
    if stage is None:
        champion = load_champion(source)
        return task_of_champion(champion).reported, Population.of([champion.genome])
    task, genome = first_survivor(source, stage)
    survivor = Population.of([genome])
    return task, survivor if is_mirrored else mirrored(survivor)


def returns_at(task: Task, networks: Networks, episodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random weights [W], and the returns [P, W] of one episode at each."""
    weights = stratified_uniform(keyed_rng(0, Purpose.CHAMPION_SELECTION, 4000), -LARGEST, LARGEST, episodes)
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 4000, episodes)
    return weights, task.evaluate(networks, weights, seeds[:, None]).values[:, :, 0]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.gain", description=__doc__)
    parser.add_argument("source", type=Path, metavar="RUN_OR_CHAMPION")
    parser.add_argument("--stage", help="of a run")
    parser.add_argument("--mirrored", action="store_true", help="survivors of the stage are mirrored already")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4, 8], help="of each relay (%(default)s)")
    parser.add_argument("--episodes", type=int, default=64, help="for each number of copies (%(default)s)")
    options = parser.parse_args(arguments)
    task, genome = mirrored_of(options.source, options.stage, options.mirrored)
    spans = [f"{low:g} to {high:g}" for low, high in pairwise(np.linspace(0, LARGEST, PARTS + 1).tolist())]
    print(f"| copies | connections | all weights | {' | '.join(spans)} |")
    print("|--:" * (3 + PARTS) + "|")
    for copies in options.copies:
        networks = compile_population(amplified(genome, copies))
        weights, (returns,) = returns_at(task, networks, options.episodes)
        part = np.minimum((np.abs(weights) / LARGEST * PARTS).astype(int), PARTS - 1)
        means = [f"{returns[part == index].mean():.0f}" if (part == index).any() else "" for index in range(PARTS)]
        print(
            f"| {copies} | {networks.num_connections()[0]} | {returns.mean():.0f} | {' | '.join(means)} |", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.gain", lambda: main(sys.argv[1:])))
