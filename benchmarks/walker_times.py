"""How long BipedalWalker's episodes are in an ordinary search, and what they cost: ``python -m benchmarks.walker_times``.

A search of 480 genomes that began with the published walkers and networks without structure is asked for its second
generation, which then walks 24 rollouts each, as long as it can: some fall at once, some walk to the end. Steps [480, 24]
are kept in ``benchmarks/data/walker_steps.json``. Beside them stand the seconds of a chunk of work, fitted to
evaluations of many sizes:

    seconds = seconds_per_step x steps of all episodes + seconds_per_tick x steps of the longest one

since a simulator steps each walker by itself, but a call and a network's nodes are paid once for all that still walk.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, SearchConfig
from envs.bipedal_walker import BipedalWalker
from evolution.search import Search
from wann.champion import load_champion
from wann.network import Networks

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "benchmarks/data/walker_steps.json"
WALKERS = ("walker_one_weight", "walker_random_weight")
POPULATION, ROLLOUTS, GENERATIONS = 480, 24, 2
MEASURED = 96
WEIGHTS = np.array([0.9])  # of the published walker


@dataclass(frozen=True)
class WalkerTimes:
    """Lengths of episodes, steps [P][R], and the two costs, in seconds."""

    seconds_per_step: float
    seconds_per_tick: float
    steps: list[list[int]]

    def seconds(self, rows: NDArray[np.int64], rollouts: NDArray[np.int64]) -> float:
        """Of one chunk: genomes ``rows`` on ``rollouts``, all walking at once."""
        steps = np.array(self.steps)[np.ix_(rows % len(self.steps), rollouts)]
        return float(self.seconds_per_step * steps.sum() + self.seconds_per_tick * steps.max(initial=0))


def kept_times() -> WalkerTimes:
    return WalkerTimes(**json.loads(KEPT.read_text()))


def walker_search() -> Search:
    """Of 480 genomes, from the published walkers."""
    walkers = [load_champion(ROOT / f"docs/champions/{name}.json").genome for name in WALKERS]
    task = BipedalWalker()
    config = SearchConfig(population=POPULATION)
    return Search(config, EvaluationConfig(weights=WEIGHTS.tolist(), rollouts=1), 0, task.num_inputs, task.num_outputs, walkers)


def generation(task: BipedalWalker) -> Networks:
    """Programs of the second generation."""
    found = walker_search()
    for number in range(GENERATIONS):
        request = found.ask()
        if number == GENERATIONS - 1:
            return request.networks
        found.tell(task.evaluate(request.networks, request.weights, request.seeds).values)
        print(number, len(request.networks), flush=True)
    raise AssertionError


def cpu_seconds(action: Callable[[], object]) -> float:
    """Of all threads of this process: what a neighbour takes of the machine does not count."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def main() -> int:
    task = BipedalWalker(simulator="envpool", stall_steps=100)
    networks = generation(task)
    rng, seeds = np.random.default_rng(0), np.arange(ROLLOUTS)
    parts, seconds = [], []
    for genomes, count in ((1, 1), (1, 3), (1, 8), (4, 1), (4, 3), (8, 3)) * 2:
        chosen = networks.take(rng.choice(len(networks), genomes, replace=False))
        steps = task.evaluate(chosen, WEIGHTS, seeds[:count]).steps
        seconds.append(cpu_seconds(lambda c=chosen, n=count: task.evaluate(c, WEIGHTS, seeds[:n])))
        parts.append((float(steps.sum()), float(steps.max())))
        print(genomes, count, parts[-1], seconds[-1], flush=True)
    # Relative errors count: a short evaluation says as much as a long one.
    scale = np.array(seconds)
    per_step, per_tick = np.linalg.lstsq(np.array(parts) / scale[:, None], np.ones(len(scale)), rcond=None)[0]
    print(per_step, per_tick, np.abs(np.array(parts) @ [per_step, per_tick] / scale - 1))
    rows = rng.permutation(len(networks))[:MEASURED]
    steps = task.evaluate(networks.take(rows), WEIGHTS, seeds).steps[:, 0]
    KEPT.write_text(json.dumps(asdict(WalkerTimes(per_step, per_tick, steps.tolist()))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
