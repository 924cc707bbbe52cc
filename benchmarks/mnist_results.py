"""Rows of the MNIST table in docs/results/images.md: ``python -m benchmarks.mnist_results CHAMPION.json ...``.

For each champion, on the test images, by the float32 kernels: accuracy at 1,000 stratified shared weights of U(-2, 2)
(mean, standard deviation, median, minimum), the vote of the six published weights and their mean softmax, the
accuracy at the best shared weight, which the validation images choose, that on those, and live connections.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from configs.schema import PUBLISHED_WEIGHTS
from envs.images.classification import Classification
from envs.registry import task_of_champion
from experiment.terminal.command_line import exit_status
from wann.champion import load_champion
from wann.network import Networks, compile_genome
from wann.randomness import stratified_uniform

RANDOM_WEIGHTS = 1000
# Nearest to 1 first: of weights that are equally good, the most ordinary one is reported.
GRID = np.round(np.arange(-3, 3.001, 0.05), 2)
GRID = GRID[np.argsort(abs(GRID - 1), kind="stable")]


def row(path: Path) -> str:
    """Cells of one champion."""
    champion = load_champion(path)
    task = task_of_champion(champion)
    if not isinstance(task, Classification):
        raise SystemExit(f"{path}: expected a champion of the task classification, found {champion.task}")
    network = compile_genome(champion.genome)
    networks = Networks.of([network])
    validation, test = task.reported, task.untouched
    weights = stratified_uniform(np.random.default_rng(0), -2, 2, RANDOM_WEIGHTS)
    at_random = test.evaluate(networks, weights, [0]).values.ravel()
    chosen_on = validation.evaluate(networks, GRID, [0]).values.ravel()
    best = GRID[chosen_on.argmax()]
    at_best = test.evaluate(networks, np.array([best]), [0]).values.item()
    together = test.ensemble(network, np.array(PUBLISHED_WEIGHTS))
    cells = [
        f"{at_random.mean():.1f} ± {at_random.std():.1f}",
        f"{np.median(at_random):.1f}",
        f"{at_random.min():.1f}",
        f"{together['vote']:.2f}",
        f"{together['mean_softmax']:.2f}",
        f"{at_best:.2f} at {best:g}",
        f"{chosen_on.max():.2f}",
        f"{network.num_connections}",
    ]
    return f"| `{path}` | {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    print("| champion | U(-2, 2) | median | min | vote | mean softmax | best shared | validation | connections |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for path in arguments:
        print(row(Path(path)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.mnist_results", lambda: main(sys.argv[1:])))
