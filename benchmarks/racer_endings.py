"""How racers' episodes end: ``python -m benchmarks.racer_endings CHAMPION ...``.

At its best weight each champion drives 1,000 tracks in lanes, and the first 100 of them in Gymnasium too. An episode
ends when the lap is finished, when the car leaves the field, after 1,000 frames, or when the return has reached no new
maximum for 150 frames: then the car stands, spins, or has lost the road. A Markdown table has the shares of these ends,
the share of the road that was driven, and the paired difference of the returns with its 95 % interval. No champion was
chosen on these tracks.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.car_simulators import interval
from envs.box2d.racer.task import CarRacing
from envs.registry import task_of_champion
from envs.task import Returns
from experiment.terminal.command_line import exit_status
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds

FRAMES, STALLED = 1000, 150
FIELD_LEFT, FRAME = -100.0, -0.1  # what leaving the field and each frame add to the return
LAP = 0.95  # share of the road that is a lap


@dataclass(frozen=True)
class Ends:
    """Episodes [n] of one racer in one simulator."""

    values: NDArray[np.float64]
    road: NDArray[np.float64]  # share that was driven
    left: NDArray[np.bool_]  # the field
    stalled: NDArray[np.bool_]

    @classmethod
    def of(cls, returns: Returns) -> Ends:
        assert returns.falls is not None  # Racers may leave the field.
        values, steps, left = returns.values.ravel(), returns.steps.ravel(), returns.falls.ravel()
        road = (values - FRAME * steps - FIELD_LEFT * left) / 1000
        return cls(values, road, left, (steps < FRAMES) & ~left & (road < LAP - 1e-3))

    def cells(self) -> list[str]:
        shares = (self.road.mean(), (self.road >= LAP - 1e-3).mean(), self.stalled.mean(), self.left.mean())
        return [f"{self.values.mean():.0f} ± {self.values.std():.0f}", *(f"{100 * share:.1f} %" for share in shares)]


def drive(champion: Champion, simulator: str, tracks: int) -> Ends:
    """The first ``tracks`` tracks of those that reports leave alone, at the champion's best weight."""
    task = task_of_champion(champion)
    if not isinstance(task, CarRacing):
        raise UserError(expected="champions of car_racing", found=f"one of {task.name}")
    task = replace(task, max_steps=None, stall_steps=STALLED, simulator=simulator)
    weight = np.array([champion.returns["best_shared_weight"]["weight"]])
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 5000, tracks)
    return Ends.of(task.evaluate(Networks.of([compile_genome(champion.genome)]), weight, seeds))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.racer_endings", description=__doc__)
    parser.add_argument("champions", type=Path, nargs="+", metavar="CHAMPION")
    parser.add_argument("--tracks", type=int, default=1000, help="in lanes (%(default)s)")
    parser.add_argument("--in-gymnasium", type=int, default=100, help="the first of them (%(default)s)")
    options = parser.parse_args(arguments)
    columns = (
        "champion",
        "simulator",
        "tracks",
        "return",
        "road driven",
        "laps",
        "stalled",
        "left the field",
        "difference",
    )
    print(f"| {' | '.join(columns)} |")
    print("|---|---|" + "--:|" * 7)
    for path in options.champions:
        champion = load_champion(path)
        lanes = drive(champion, "lanes", options.tracks)
        print(f"| `{path.stem}` | lanes | {options.tracks} | {' | '.join(lanes.cells())} | |", flush=True)
        if options.in_gymnasium:
            reference = drive(champion, "gymnasium", options.in_gymnasium)
            mean, half = interval(lanes.values[: options.in_gymnasium] - reference.values)
            cells = " | ".join(reference.cells())
            print(f"| | Gymnasium | {options.in_gymnasium} | {cells} | {mean:+.1f} ± {half:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.racer_endings", lambda: main(sys.argv[1:])))
