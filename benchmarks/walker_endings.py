"""How walkers' episodes end: ``python -m benchmarks.walker_endings RUN_OR_CHAMPION ...``.

Each champion, or the first survivor of ``--stage`` of a run, walks 1,000 courses in lanes at ``--weight``, or at its
best shared weight. A Markdown table has the mean return and its standard error, the median, the share of falls, the
mean of the episodes without a fall, and the mean length of these in steps: fewer than 1,600 are a whole course. No
search, choice or report uses these courses.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.survivors import survivors_of
from envs.registry import task_of_champion
from envs.task import Returns, Task
from experiment.build import task_of
from experiment.confirmed import ConfirmedReturns
from experiment.terminal.command_line import exit_status
from storage.champion_path import find_champion_file
from wann.champion import load_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds

COLUMNS = ("return", "median", "falls", "without falls", "steps")


def walker_of(source: Path, stage: str | None) -> tuple[Task, Genome, float | None]:
    """The task with whole episodes, a genome, and its best shared weight if a choice was made.

    Raises:
        UserError: the run has no such finished stage, or the task no falls.
    """
    if stage is None:
        champion = load_champion(find_champion_file(source))
        best = ConfirmedReturns.of(champion.returns).best_shared["weight"]
        return task_of_champion(champion).reported, champion.genome, best
    config, genomes = survivors_of(source, stage)
    return task_of(config).reported, genomes[0], None


def cells(returns: Returns) -> list[str]:
    """One for each of `COLUMNS`."""
    if returns.falls is None:
        raise UserError(expected="walkers, whose episodes may end in a fall", found="a task without falls")
    values, fell, steps = returns.values.ravel(), returns.falls.ravel(), returns.steps.ravel()
    whole = [f"{values[~fell].mean():.1f}", f"{steps[~fell].mean():.0f}"] if not fell.all() else ["-", "-"]
    error = values.std() / np.sqrt(len(values))
    return [f"{values.mean():.1f} ± {error:.1f}", f"{np.median(values):.1f}", f"{fell.mean():.1%}", *whole]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.walker_endings", description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+", metavar="RUN_OR_CHAMPION")
    parser.add_argument("--stage", help="of runs")
    parser.add_argument("--weight", type=float, help="shared weight (default: a champion's best)")
    parser.add_argument("--courses", type=int, default=1000, help="%(default)s")
    options = parser.parse_args(arguments)
    if options.stage is not None and options.weight is None:
        parser.error("expected --weight with --stage, found none")
    print(f"| walker | weight | connections | {' | '.join(COLUMNS)} |")
    print("|---" + "|--:" * (2 + len(COLUMNS)) + "|")
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 6000, options.courses)
    for source in options.sources:
        task, genome, best = walker_of(source, options.stage)
        weight = best if options.weight is None else options.weight
        network = compile_genome(genome)
        found = cells(task.evaluate(Networks.of([network]), np.array([weight], np.float64), seeds))
        print(f"| `{source.stem}` | {weight:g} | {network.num_connections} | {' | '.join(found)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.walker_endings", lambda: main(sys.argv[1:])))
