"""How racers' episodes end: ``python -m benchmarks.racer_endings CHAMPION ...``.

At its best weight, or with its tuned weights, each champion drives 1,000 tracks in lanes, and the first 100 of them in
Gymnasium too. An episode ends when the lap is finished, when the car leaves the field, after 1,000 frames, or when the
return has reached no new maximum for 150 frames: then the car stands, spins, or has lost the road. A Markdown table has
the share of the road that was driven, the shares of episodes in which that was 95 % or more (a lap is no less), that
stalled before, that left the field, and that took all frames; and the paired difference of the returns with its 95 %
interval. No search, choice or report uses these tracks.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.car_simulators import interval
from envs.box2d.racer.lanes import FIELD_LEFT, FRAME_COST, MAX_STEPS, ROAD_REWARD
from envs.box2d.racer.task import CarRacing
from envs.registry import task_of_champion
from envs.task import Returns, weights_of_one
from experiment.terminal.command_line import exit_status
from inspection.policy import setting_of
from inspection.weights import best_weight
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, episode_seeds

STALLED = 150  # frames without progress
_LAP = 0.949  # share of the road that is at least driven in a lap, but for rounding
COLUMNS = (
    *("champion", "simulator", "tracks", "return", "road driven", "95 % or more", "stalled", "left the field"),
    *("all frames", "difference"),
)


@dataclass(frozen=True)
class Ends:
    """Episodes [n] of one racer in one simulator."""

    values: NDArray[np.float64]
    steps: NDArray[np.int64]
    left: NDArray[np.bool_]  # the field

    @classmethod
    def of(cls, returns: Returns) -> Ends:
        assert returns.falls is not None  # Racers may leave the field.
        return cls(returns.values.ravel(), returns.steps.ravel(), returns.falls.ravel())

    @property
    def road(self) -> NDArray[np.float64]:
        """Share that was driven."""
        return (self.values + FRAME_COST * self.steps - FIELD_LEFT * self.left) / ROAD_REWARD

    @property
    def stalled(self) -> NDArray[np.bool_]:
        return (self.steps < MAX_STEPS) & ~self.left & (self.road < _LAP)

    def cells(self) -> list[str]:
        """Mean and standard deviation of the returns, and percentages; see `COLUMNS`."""
        whole = (self.steps >= MAX_STEPS) & (self.road < _LAP)
        shares = (self.road, self.road >= _LAP, self.stalled, self.left, whole)
        return [
            f"{self.values.mean():.0f} ± {self.values.std():.0f}",
            *(f"{100 * share.mean():.1f} %" for share in shares),
        ]


def drive(champion: Champion, simulator: str, tracks: int) -> Ends:
    """Drive ``tracks`` tracks at the champion's best weight, or with its own weights if they are tuned."""
    task = task_of_champion(champion)
    if not isinstance(task, CarRacing):
        raise UserError(expected="champions of car_racing", found=f"one of {task.name}")
    task = replace(task, max_steps=None, stall_steps=STALLED, simulator=simulator)
    weights = weights_of_one(setting_of(champion, best_weight(champion)))
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 5000, tracks)
    return Ends.of(task.evaluate(Networks.of([compile_genome(champion.genome)]), weights, seeds))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.racer_endings", description=__doc__)
    parser.add_argument("champions", type=Path, nargs="+", metavar="CHAMPION")
    parser.add_argument("--tracks", type=int, default=1000, help="in lanes (%(default)s)")
    parser.add_argument("--in-gymnasium", type=int, default=100, help="the first of them (%(default)s)")
    options = parser.parse_args(arguments)
    compared = min(options.in_gymnasium, options.tracks)
    if compared == 1:
        parser.error("expected two tracks or none in Gymnasium, found 1, which has no interval")
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---|---|" + "--:|" * (len(COLUMNS) - 2))
    for path in options.champions:
        champion = load_champion(path)
        lanes = drive(champion, "lanes", options.tracks)
        print(f"| `{path.stem}` | lanes | {options.tracks} | {' | '.join(lanes.cells())} | |", flush=True)
        if compared:
            reference = drive(champion, "gymnasium", compared)
            mean, half = interval(lanes.values[:compared] - reference.values)
            print(
                f"| | Gymnasium | {compared} | {' | '.join(reference.cells())} | {mean:+.1f} ± {half:.1f} |", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.racer_endings", lambda: main(sys.argv[1:])))
