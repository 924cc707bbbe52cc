"""Racers in lanes against Gymnasium, pictures and encoder included: ``python -m benchmarks.car_simulators``.

Both have the same tracks and the same physics, so what differs is how frames are drawn. Five racers, from good ones to
a beginner, drive the same 100 tracks in either simulator, whole episodes at one weight. A line for each racer and
simulator is appended to the file given by ``--out``, and what stands there is not driven again; at the end a Markdown
table is printed:

- of each racer, the mean return and its spread over tracks in either simulator, the mean of the paired differences with
  its 95 % interval, and the number of tracks on which both returns are equal to the cent;
- of all together, the differences averaged over the racers of each track, whose interval is that of a mean of as many
  independent tracks, as a share of the mean return in Gymnasium.

``--gather RUN`` makes the set of racers again, from the stages of a run of configs/car_racing.yaml.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.evolved import load, write
from benchmarks.measuring import kept
from configs import load_config
from envs.box2d.racer.task import CarRacing
from experiment.terminal.command_line import exit_status
from storage.genome_file import load_genomes
from wann.network import Networks, compile_genome

WEIGHT = np.array([-0.85])
TRACKS = 100
MAX_STEPS = 1000
SIMULATORS = ("lanes", "gymnasium")
# Ranks among the survivors of each stage, best first.
RANKS = {"settle": (0, 4), "finish": (6,), "refine": (12,), "discover": (20,)}


def gather(run: Path) -> None:
    """Racers of the run's stages."""
    genomes = []
    for name, ranks in RANKS.items():
        survivors = load_genomes(next(run.glob(f"stages/*-{name}/restart-000/survivors"))).genomes
        genomes += [survivors[min(rank, len(survivors) - 1)] for rank in ranks]
    write("racers", load_config(run / "config.yaml"), genomes)


def drive(racer: int, simulator: str, tracks: int = TRACKS, max_steps: int = MAX_STEPS) -> NDArray[np.float64]:
    """Returns [tracks] of one racer of the set."""
    networks = Networks.of([compile_genome(load("racers")[racer])])
    task = CarRacing(max_steps=max_steps, simulator=simulator)
    return task.evaluate(networks, WEIGHT, np.arange(tracks)).values.ravel()


def interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and half the 95 % interval of independent differences [n]."""
    n = len(differences)
    return float(differences.mean()), float(stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n))


def report(returns: NDArray[np.float64]) -> str:
    """Markdown of returns [racers, simulator, tracks]."""
    lines = ["| racer | lanes | Gymnasium | difference | tracks with equal returns |", "|--:|--:|--:|--:|--:|"]
    ours, reference = returns[:, 0], returns[:, 1]
    for racer, pair in enumerate(returns):
        cells = [f"{row.mean():.1f} ± {row.std():.1f}" for row in pair]
        mean, half = interval(pair[0] - pair[1])
        equal = (np.abs(pair[0] - pair[1]) < 0.01).sum()
        lines.append(f"| {racer} | {' | '.join(cells)} | {mean:+.1f} ± {half:.1f} | {equal} |")
    mean, half = interval((ours - reference).mean(axis=0))
    share = 100 / abs(reference.mean())
    lines.append(f"| all | {ours.mean():.1f} | {reference.mean():.1f} | {mean:+.1f} ± {half:.1f} | |")
    return "\n".join(
        [*lines, "", f"difference of all: {mean * share:+.1f} % ± {half * share:.1f} % of the mean return"]
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.car_simulators", description=__doc__)
    parser.add_argument("--gather", type=Path, metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path("runs/car_simulators.jsonl"))
    parser.add_argument("--tracks", type=int, default=TRACKS, help="(%(default)s)")
    parser.add_argument("--max-steps", type=int, default=MAX_STEPS, help="of each episode (%(default)s)")
    options = parser.parse_args(arguments)
    if options.gather:
        gather(options.gather)
        return 0
    racers = range(len(load("racers")))

    def measured(**key: Any) -> dict[str, Any]:
        return {"returns": drive(**key).tolist()}

    size = {"tracks": options.tracks, "max_steps": options.max_steps}
    wanted = [{"racer": racer, "simulator": simulator, **size} for racer in racers for simulator in SIMULATORS]
    records = kept(options.out, wanted, measured)
    sized = [record for record in records if all(record[name] == value for name, value in size.items())]
    known = {(record["racer"], record["simulator"]): record["returns"] for record in sized}
    print(report(np.array([[known[racer, simulator] for simulator in SIMULATORS] for racer in racers])))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.car_simulators", lambda: main(sys.argv[1:])))
