"""Markdown table of runs: ``python -m benchmarks.results runs/published/replicate-* runs/random-*/refine``.

For each run directory its champion's confirmed returns (float64, fresh episodes), size, the search's simulated steps
(with stages the choice of survivors included) and minutes (without that; the choice of the champion is in neither);
at the end the mean and standard deviation over the runs. The best of the runs is chosen by the columns "selection":
returns on ``--selection`` episodes of seeds that nothing is reported on (the same for all runs; kernels, float32).
With ``--against RUN ...`` those runs follow, and Mann-Whitney's tests of the two groups.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.statistics import compare
from envs.registry import task_of_champion
from experiment.confirmed import ConfirmedReturns, Record
from experiment.terminal.command_line import exit_status
from storage.metrics import METRICS, last_metrics
from wann.champion import Champion, load_champion
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform

HEADER = (
    "| run | seed | random individual | random shared | best shared | at | falls | hidden | connections | steps "
    "| minutes | selection, random | selection, best |"
)


def row(run: Path, episodes: int) -> tuple[list[str], list[float]]:
    """The cells of one run, and the figures that are averaged."""
    champion = load_champion(run / "champion.json")
    network = compile_genome(champion.genome)
    returns = ConfirmedReturns.of(champion.returns)
    random, best = returns.random_shared, returns.best_shared
    steps, seconds = _effort(run)
    cells = [
        "/".join(run.parts[-2:]),
        str(champion.seed),
        _spread(returns.random_individual),
        _spread(random),
        _spread(best),
        f"{best['weight']:g}",
        f"{best['falls']:.0%}" if "falls" in best else "",
        str(network.num_hidden),
        str(network.num_connections),
        f"{steps / 1e9:.1f} G" if steps >= 1e9 else f"{steps / 1e6:.1f} M",
        f"{seconds / 60:.1f}",
        *(f"{figure:.0f}" for figure in (_selection(champion, episodes) if episodes else ())),
    ]
    return cells, [random["mean"], best["mean"], float(network.num_connections)]


def _spread(record: Record) -> str:
    return f"{record['mean']:.0f} ± {record['std']:.0f}"


def _effort(run: Path) -> tuple[int, float]:
    """Simulated steps and seconds of the search; with stages of all of them, the choice of survivors included."""
    last = [line for path in sorted(run.rglob(METRICS)) if (line := last_metrics(path.parent))]
    seconds = sum(record["wall_seconds"] for record in last)
    if not (run / "stages.csv").exists():
        return sum(record["env_steps"] for record in last), seconds
    with (run / "stages.csv").open() as file:
        return sum(int(line["env_steps"]) + int(line["selection_steps"]) for line in csv.DictReader(file)), seconds


def _selection(champion: Champion, episodes: int) -> tuple[float, float]:
    """Mean return at random shared weights, and at the champion's best shared weight."""
    task = task_of_champion(champion)
    networks = Networks.of([compile_genome(champion.genome)])
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 2000, episodes)
    returns = ConfirmedReturns.of(champion.returns)
    random = returns.random_shared
    weights = stratified_uniform(
        keyed_rng(0, Purpose.CHAMPION_SELECTION, 2000), random["low"], random["high"], episodes
    )
    best = np.array([returns.best_shared["weight"]])
    return (
        float(task.evaluate(networks, weights, seeds[:, None]).values.mean()),
        float(task.evaluate(networks, best, seeds).values.mean()),
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.results", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--selection", type=int, default=2048, help="episodes of the last two columns; 0: none")
    parser.add_argument(
        "--against", type=Path, nargs="+", default=[], metavar="RUN", help="runs that the first ones are tested against"
    )
    options = parser.parse_args(arguments)
    header = HEADER if options.selection else HEADER[: HEADER.index("| selection")] + "|"
    print(header)
    print("|---|" + "--:|" * (header.count("|") - 2))
    figures = [print_rows(runs, options.selection) for runs in (options.runs, options.against) if runs]
    if options.against:
        for name, column in (("random shared", 0), ("best shared", 1)):
            test = compare(*(of_group[:, column] for of_group in figures))
            print(f"\n{name}: Mann-Whitney U = {test.u:g}, two-sided p = {test.p:.2g}")
    return 0


def print_rows(runs: list[Path], selection: int) -> NDArray[np.float64]:
    """Print the rows of a group of runs, and of two or more their mean; return their figures [runs, 3]."""
    rows = [row(run, selection) for run in runs]
    for cells, _ in rows:
        print(f"| {' | '.join(cells)} |")
    figures = np.array([numbers for _, numbers in rows])
    if len(rows) > 1:
        mean, std = figures.mean(axis=0), figures.std(axis=0, ddof=1)
        cells = [f"{mean[index]:.0f} ± {std[index]:.0f}" for index in range(3)]
        last = [""] * (2 if selection else 0)
        print(f"| {' | '.join(['mean ± sd', '', '', cells[0], cells[1], '', '', '', cells[2], '', '', *last])} |")
    return figures


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.results", lambda: main(sys.argv[1:])))
