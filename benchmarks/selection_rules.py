"""By what to choose a racer: ``python -m benchmarks.selection_rules RUN ... [--stage settle]``.

The survivors of a stage, of its first search, drive 128 tracks in lanes. One is chosen by its mean return, and one as
`champion.worst_share: 0.1` chooses, by the middle between that and the mean of the worst tenth. Both then drive 1,000
other tracks at the weight of the stage, as in `benchmarks.racer_endings`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import worst_tenth
from benchmarks.racer_endings import STALLED, Ends
from benchmarks.survivors import survivors_of
from envs.box2d.racer.task import CarRacing
from evolution.confirmation import levels_of
from evolution.weight_settings import selection_weights
from experiment.build import task_of
from experiment.terminal.command_line import exit_status
from wann.errors import UserError
from wann.network import compile_population
from wann.randomness import Purpose, episode_seeds

RULES = {"mean": None, "mean and worst tenth": 0.1}


def judged(run: Path, stage: str, chosen_on: int, tracks: int) -> list[tuple[str, Ends]]:
    """A name and the episodes of what each rule chooses.

    Raises:
        UserError: the run has no such finished stage, or is not one of racers.
    """
    config, genomes = survivors_of(run, stage)
    task = task_of(config).reported
    if not isinstance(task, CarRacing):
        raise UserError(place=run, expected="a run of car_racing", found=f"one of {task.name}")
    task = replace(task, simulator="lanes")
    networks = compile_population(genomes)
    weight = selection_weights(config.evaluation)[:1]
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 5001, chosen_on + tracks)
    returns = task.evaluate(networks, weight, seeds[:chosen_on]).values
    best = [int(levels_of(returns, share)[:, 0].argmax()) for share in RULES.values()]
    task = replace(task, stall_steps=STALLED)
    others = {row: Ends.of(task.evaluate(networks.take([row]), weight, seeds[chosen_on:])) for row in set(best)}
    return [(rule, others[row]) for rule, row in zip(RULES, best, strict=True)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.selection_rules", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--stage", default="settle", help="(%(default)s)")
    parser.add_argument("--chosen-on", type=int, default=128, metavar="N", help="tracks (%(default)s)")
    parser.add_argument("--tracks", type=int, default=1000, help="others (%(default)s)")
    options = parser.parse_args(arguments)
    print("| run | chosen by | return | worst tenth | stalled |")
    print("|---|---|--:|--:|--:|")
    for run in options.runs:
        for rule, ends in judged(run, options.stage, options.chosen_on, options.tracks):
            cells = f"{ends.cells()[0]} | {worst_tenth(ends.values):.0f} | {ends.stalled.mean():.1%}"
            print(f"| {run.name} | {rule} | {cells} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.selection_rules", lambda: main(sys.argv[1:])))
