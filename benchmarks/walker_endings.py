"""How walkers' episodes end: ``python -m benchmarks.walker_endings RUN_OR_CHAMPION ...``.

Each champion, or the first survivor of ``--stage`` of a run, walks 1,000 courses at ``--weight``, or as a champion is
shown: at its best shared weight, or with its own weights if they are tuned. A Markdown table has the mean return and
its standard error, the median, the share of falls, the mean of the episodes without a fall, and the mean length of
these in steps: fewer than 1,600 are a whole course. No search, choice or report uses these courses.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.survivors import first_survivor
from envs.registry import task_of_champion
from envs.task import Returns, Task, weights_of_one
from experiment.terminal.command_line import exit_status
from inspection.policy import setting_of
from inspection.weights import best_weight
from storage.champion_path import find_champion_file
from wann.champion import load_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds

COLUMNS = ("return", "median", "falls", "without falls", "steps")


def walker_of(source: Path, stage: str | None, weight: float | None) -> tuple[Task, Genome, NDArray[np.float64]]:
    """The task in whole episodes, a genome, and the weight setting to walk with: [1], or [1, E] of a tuned champion.

    Raises:
        UserError: the run has no champion or no such finished stage, or the weight is not finite.
    """
    if stage is None:
        champion = load_champion(find_champion_file(source))
        setting = setting_of(champion, best_weight(champion) if weight is None else weight)
        return task_of_champion(champion).reported, champion.genome, setting
    return *first_survivor(source, stage), np.array([weight], np.float64)


def cells(returns: Returns) -> list[str]:
    """One for each of `COLUMNS`.

    Raises:
        UserError: the task knows no falls.
    """
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
        task, genome, setting = walker_of(source, options.stage, options.weight)
        network = compile_genome(genome)
        found = cells(task.evaluate(Networks.of([network]), weights_of_one(setting), seeds))
        weight = f"{setting[0]:g}" if setting.ndim == 1 else "each its own"
        print(f"| `{source.stem}` | {weight} | {network.num_connections} | {' | '.join(found)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.walker_endings", lambda: main(sys.argv[1:])))
