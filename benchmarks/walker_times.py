"""Lengths of BipedalWalker's episodes in an ordinary search, and what they cost: ``python -m benchmarks.walker_times``.

A search of 480 genomes that began with the published walkers is asked for its second generation. Some of these fall at
once, and half of the episodes last to the end. Steps [96, 24] of 96 of them are kept in
``benchmarks/data/walker_steps.json``, and beside them what a chunk of work costs:

    seconds = seconds_per_step x steps of all episodes + seconds_per_tick x steps of the longest one

because walkers step side by side, and a step costs something however few are left. Both are fitted to the published
walker on 1 to 256 rollouts at once.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measuring import seconds_of
from configs.schema import Config, EvaluationConfig, SearchConfig
from envs.box2d.walker.task import BipedalWalker
from evolution.protocol import AskTell
from evolution.registry import make_search
from wann.champion import load_champion
from wann.genome import Genome
from wann.network import Networks, compile_genome

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "benchmarks/data/walker_steps.json"
WALKERS = ("walker_one_weight", "walker_random_weight")
POPULATION, ROLLOUTS, MEASURED = 480, 24, 96
WEIGHTS = np.array([0.9])  # of the published walker


@dataclass(frozen=True)
class WalkerTimes:
    """Lengths of episodes, steps [P][R], and the two costs, in seconds."""

    seconds_per_step: float
    seconds_per_tick: float
    steps: list[list[int]]


def kept_times() -> WalkerTimes:
    return WalkerTimes(**json.loads(KEPT.read_text()))


def walkers() -> list[Genome]:
    return [load_champion(ROOT / f"docs/champions/{name}.json").genome for name in WALKERS]


def walker_search() -> AskTell:
    """480 genomes, bred from the published walkers."""
    evaluation = EvaluationConfig(weights=WEIGHTS.tolist(), rollouts=1)
    shape = BipedalWalker().num_inputs, BipedalWalker.num_outputs
    return make_search(Config(search=SearchConfig(population=POPULATION), evaluation=evaluation), *shape, walkers())


def costs() -> tuple[float, float]:
    """Seconds per step, and per step of the longest episode; the quickest of three evaluations of each size."""
    task, network = BipedalWalker(max_steps=400), Networks.of([compile_genome(walkers()[0])])
    parts, seconds = [], []
    for count in (1, 4, 16, 32, 64, 256):
        seeds = np.arange(count)
        steps = task.evaluate(network, WEIGHTS, seeds).steps
        parts.append((float(steps.sum()), float(steps.max())))
        evaluation = partial(task.evaluate, network, WEIGHTS, seeds)
        seconds.append(min(seconds_of(evaluation) for _ in range(3)))
    # Relative errors count: a short evaluation says as much as a long one.
    scale = np.array(seconds)
    per_step, per_tick = np.linalg.lstsq(np.array(parts) / scale[:, None], np.ones(len(scale)), rcond=None)[0]
    return float(per_step), float(per_tick)


def lengths() -> list[list[int]]:
    """Steps of 96 genomes of the second generation on 24 rollouts."""
    task = BipedalWalker(stall_steps=100)
    search = walker_search()
    request = search.ask()
    search.tell(task.evaluate(request.networks, request.weights, request.seeds).values)
    networks = search.ask().networks
    rows = np.random.default_rng(0).permutation(len(networks))[:MEASURED]
    steps: list[list[int]] = task.evaluate(networks.take(rows), WEIGHTS, np.arange(ROLLOUTS)).steps[:, 0].tolist()
    return steps


def main() -> int:
    KEPT.write_text(json.dumps(asdict(WalkerTimes(*costs(), lengths()))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
