"""Markdown table of runs: ``python -m benchmarks.results runs/published/replicate-* runs/random-*/refine``.

For each run directory its champion's confirmed returns (float64, fresh episodes), size, simulated steps and seconds; at
the end the mean and standard deviation over the runs. The best of the runs is chosen by the columns "selection":
returns on 2048 episodes of seeds that nothing is reported on (the same for all runs; kernels, float32).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from envs.registry import make_task
from evolution.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform
from wann.champion import Champion, load_champion
from wann.network import Networks, compile_genome

HEADER = (
    "| run | seed | random shared | best shared | at | hidden | connections | steps | minutes "
    "| selection, random | selection, best |"
)
SELECTION_EPISODES = 2048


def row(run: Path) -> tuple[list[str], list[float]]:
    """The cells of one run, and the figures that are averaged."""
    champion = load_champion(run / "champion.json")
    network = compile_genome(champion.genome)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    random, best = champion.returns["random_shared_weight"], champion.returns["best_shared_weight"]
    selection = _selection(champion)
    cells = [
        "/".join(run.parts[-2:]),
        str(champion.seed),
        f"{random['mean']:.0f} ± {random['std']:.0f}",
        f"{best['mean']:.0f} ± {best['std']:.0f}",
        f"{best['weight']:g}",
        str(network.num_hidden),
        str(network.num_connections),
        f"{last['env_steps'] / 1e9:.1f} G",
        f"{last['wall_seconds'] / 60:.1f}",
        *(f"{figure:.0f}" for figure in selection),
    ]
    return cells, [random["mean"], best["mean"], float(network.num_connections)]


def _selection(champion: Champion) -> tuple[float, float]:
    """Mean return at random shared weights, and at the champion's best shared weight."""
    task = make_task(champion.task, dict(champion.task_options))
    networks = Networks.of([compile_genome(champion.genome)])
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 2000, SELECTION_EPISODES)
    random = champion.returns["random_shared_weight"]
    weights = stratified_uniform(
        keyed_rng(0, Purpose.CHAMPION_SELECTION, 2000), random["low"], random["high"], SELECTION_EPISODES
    )
    best = np.array([champion.returns["best_shared_weight"]["weight"]])
    return (
        float(task.evaluate(networks, weights, seeds[:, None]).values.mean()),
        float(task.evaluate(networks, best, seeds).values.mean()),
    )


def main(arguments: list[str]) -> int:
    rows = [row(Path(argument)) for argument in arguments]
    print(HEADER)
    print("|---|" + "--:|" * (HEADER.count("|") - 2))
    for cells, _ in rows:
        print(f"| {' | '.join(cells)} |")
    figures = np.array([numbers for _, numbers in rows])
    mean, std = figures.mean(axis=0), figures.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(3)
    print(
        f"| mean ± sd | | {mean[0]:.0f} ± {std[0]:.0f} | {mean[1]:.0f} ± {std[1]:.0f} | | "
        f"| {mean[2]:.0f} ± {std[2]:.0f} | | | | |"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
