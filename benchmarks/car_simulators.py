"""EnvPool's CarRacing against Gymnasium's, encoder included: ``python -m benchmarks.car_simulators``.

The two render differently and draw other tracks from equal seeds, so distributions are all that can be compared. The
22 racers of `benchmarks/data/racers.json`, from good ones to newborns, drive 100 episodes each on either simulator, all
at one weight, cut at 80 steps (the camera has come down after 50). A line for each racer and simulator is appended to
the file given by ``--out``, and what stands there is not driven again; at the end a Markdown table is printed, and
p-values:

- racers one by one: two-sample Kolmogorov-Smirnov, to be compared with .01 / 22;
- all together: Fisher's combination of those, and the mean of the standardised differences of means (.01 each);
- power, by resampling the returns of both simulators from one urn, 400 times: how often returns of all racers lower by
  .15 of their standard deviation, and one racer's by 1.2 of it, would be caught.

``--blind`` drives a network without connections instead, half gas straight ahead, on 500 tracks of either simulator:
what differs there is physics, tracks or rewards, and not the picture.

``--gather RUN`` makes the set again, from the stages of a run of configs/car_racing.yaml.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.agreement import kolmogorov_smirnov, p_values
from benchmarks.evolved import load, write
from benchmarks.measuring import kept
from configs import load_config
from configs.schema import SearchConfig
from envs.box2d.racer.task import CarRacing
from evolution.breeding import Breeder
from evolution.protocol import Setting
from storage.genome_file import load_genomes
from wann.genome import Genome, minimal_genome
from wann.network import Networks, compile_genome

WEIGHT = np.array([-0.9])
EPISODES = 100
BLIND_EPISODES = 500
MAX_STEPS = 80
LEVEL = 0.01
SIMULATORS = ("envpool", "gymnasium")
# Ranks among the survivors of each stage, best first.
RANKS = {"finish": (0, 2, 4, 5, 8, 11, 14), "refine": (0, 5, 8, 15, 20, 23), "discover": (0, 4, 10, 20, 29)}
NEWBORNS = 4


def gather(run: Path) -> None:
    """Racers of the run's stages, and newborns."""
    genomes = []
    for name, ranks in RANKS.items():
        survivors = load_genomes(next(run.glob(f"stages/*-{name}/restart-000/survivors"))).genomes
        genomes += [survivors[rank] for rank in ranks]
    config = load_config(run / "config.yaml")
    shape = CarRacing.num_inputs, CarRacing.num_outputs
    setting = Setting(SearchConfig(initial_connectivity=0.25), config.evaluation, 0, *shape)
    newborns = Breeder(setting).first_population()
    write("racers", config, genomes + [newborns[index] for index in range(NEWBORNS)])


def drive(racer: int, simulator: str, episodes: int = EPISODES, max_steps: int = MAX_STEPS) -> NDArray[np.float64]:
    """Returns [episodes] of one racer of the set."""
    return _returns(load("racers")[racer], simulator, episodes, max_steps)


def _returns(genome: Genome, simulator: str, episodes: int, max_steps: int) -> NDArray[np.float64]:
    networks = Networks.of([compile_genome(genome)])
    task = CarRacing(max_steps=max_steps, simulator=simulator)
    return task.evaluate(networks, WEIGHT, np.arange(episodes)).values.ravel()


def blind(episodes: int = BLIND_EPISODES, max_steps: int = MAX_STEPS) -> str:
    """Both simulators under the same actions."""
    straight = minimal_genome(CarRacing.num_inputs, CarRacing.num_outputs)
    straight = replace(straight, enabled=np.zeros_like(straight.enabled))
    returns = [_returns(straight, simulator, episodes, max_steps) for simulator in SIMULATORS]
    means = [f"{name} {row.mean():.2f} ± {row.std():.2f}" for name, row in zip(SIMULATORS, returns, strict=True)]
    p_value = float(kolmogorov_smirnov(returns[0][None], returns[1][None])[0])
    return f"{', '.join(means)}, p (KS) {p_value:.2f}"


def power(ours: NDArray, reference: NDArray, repetitions: int = 400) -> dict[str, float]:
    """The share of repetitions in which a change of the first simulator is seen."""
    rng = np.random.default_rng(0)
    urns = np.concatenate([ours, reference], axis=1)
    spread = urns.std(axis=1)
    caught = {"no change": 0, "all lower by .15 sd": 0, "one lower by 1.2 sd": 0}
    for _ in range(repetitions):
        draw = rng.integers(urns.shape[1], size=(2, *ours.shape))
        first, second = np.take_along_axis(urns[None], draw, axis=2)
        one = np.zeros(len(urns))
        one[rng.integers(len(urns))] = 1.2
        for name, shift in zip(caught, (0.0, 0.15, one), strict=True):
            found = p_values(first - (shift * spread)[:, None], second)
            caught[name] += min(found.values()) <= LEVEL
    return {name: count / repetitions for name, count in caught.items()}


def report(returns: NDArray) -> str:
    """Markdown of returns [racers, simulator, episodes]."""
    lines = ["| racer | EnvPool | Gymnasium | p (KS) |", "|--:|--:|--:|--:|"]
    ours, reference = returns[:, 0], returns[:, 1]
    for racer, p_value in enumerate(kolmogorov_smirnov(ours, reference)):
        cells = [f"{row.mean():.1f} ± {row.std():.1f}" for row in returns[racer]]
        lines.append(f"| {racer} | {' | '.join(cells)} | {p_value:.3f} |")
    found = ", ".join(f"{name} {float(value):.3g}" for name, value in p_values(ours, reference).items())
    caught = ", ".join(f"{name}: {share:.0%}" for name, share in power(ours, reference).items())
    return "\n".join([*lines, "", f"p-values: {found}", f"caught: {caught}"])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.car_simulators", description=__doc__)
    parser.add_argument("--gather", type=Path, metavar="RUN")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/car_simulators.jsonl"))
    parser.add_argument("--episodes", type=int, help="of each racer, or of driving blind (default: as in the docs)")
    parser.add_argument("--max-steps", type=int, default=MAX_STEPS, help="of each episode (%(default)s)")
    options = parser.parse_args(arguments)
    if options.gather:
        gather(options.gather)
        return 0
    if options.blind:
        print(blind(options.episodes or BLIND_EPISODES, options.max_steps))
        return 0
    racers = range(len(load("racers")))

    def measured(**key: Any) -> dict[str, Any]:
        return {"returns": drive(**key, episodes=options.episodes or EPISODES, max_steps=options.max_steps).tolist()}

    wanted = [{"racer": racer, "simulator": simulator} for racer in racers for simulator in SIMULATORS]
    records = kept(options.out, wanted, measured)
    known = {(record["racer"], record["simulator"]): record["returns"] for record in records}
    print(report(np.array([[known[racer, simulator] for simulator in SIMULATORS] for racer in racers])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
