"""What each part of the walker's search buys, at equal simulated steps: ``python -m benchmarks.walker_parts``.

Every variant changes one thing, runs over the same seeds, and is stopped by the number of simulated steps. The figure
is the mean return (whole episodes, Gymnasium's rewards, EnvPool) of the genome that the search itself thinks best, on
episodes that no search saw. Lines are appended to the file given by ``--out``, and what stands there is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.searching import generations
from configs import load_config
from configs.schema import Config
from envs.registry import make_task
from evolution.randomness import Purpose, episode_seeds
from wann.champion import load_champion
from wann.genome import Genome
from wann.network import Networks, compile_genome

BASE = "configs/bipedal_walker_discover.yaml"
EPISODES = 200
# Overrides of the base config, as --set takes them. "refine" variants start from a walker.
DISCOVER = {
    "all parts": [],
    "without the stall stop": ["task.stall_steps=null"],
    "episodes cut at 400 steps instead": ["task.stall_steps=null", "task.max_steps=400"],
    "six weights instead of one": ["evaluation.weights=[-2,-1,-0.5,0.5,1,2]"],
    "published ranking": ["search.strategy=published"],
}
_RACE = "evaluation.race=[{share: 0.15, rollouts: 3}, {share: 0.05, rollouts: 6}]"
_REFINE = ["search.age_generations=1"]
REFINE = {
    "safe mutations, race, lower bound": [*_REFINE, "search.strategy=lower_bound", _RACE, "search.safe_mutation={}"],
    "safe mutations, race, this generation's mean": ["search.strategy=published", _RACE, "search.safe_mutation={}"],
    "race, lower bound": [*_REFINE, "search.strategy=lower_bound", _RACE],
    "race, lifetime mean": [*_REFINE, "search.strategy=lower_bound", "search.confidence=0", _RACE],
    "one rollout, lower bound": [*_REFINE, "search.strategy=lower_bound"],
    "one rollout, lifetime mean": [*_REFINE, "search.strategy=lower_bound", "search.confidence=0"],
    "four rollouts, this generation's mean": ["search.strategy=published", "evaluation.rollouts=4"],
    "race, lower bound, episodes cut at 600 steps": [
        *_REFINE,
        "search.strategy=lower_bound",
        _RACE,
        "task.max_steps=600",
    ],
}


def measure(config: Config, steps: float, initial: list[Genome]) -> dict[str, Any]:
    """Steps and generations taken, and the true return of the best genome at the end."""
    done, search = next(pair for pair in generations(config, initial) if pair[0] >= steps)
    network = compile_genome(search.hall[0])
    task = make_task(config.task.name, config.task.options).reported
    weights = np.array(config.evaluation.weights)
    seeds = episode_seeds(config.seed, Purpose.CHAMPION_SELECTION, 3000, EPISODES)
    returns = task.evaluate(Networks.of([network]), weights, seeds)
    best = int(returns.values[0].mean(axis=1).argmax())
    assert returns.falls is not None
    return {
        "steps": done,
        "generations": search.generation,
        "connections": network.num_connections,
        "mean": float(returns.values[0, best].mean()),
        "falls": float(returns.falls[0, best].mean()),
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.walker_parts", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("walker_parts.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=float, default=2e6)
    parser.add_argument("--walker", help="champion file that the refining variants start from")
    options = parser.parse_args(arguments)
    lines = options.out.read_text().splitlines() if options.out.exists() else []
    known = {(record["variant"], record["seed"]) for record in map(json.loads, lines)}
    initial = [load_champion(options.walker).genome] if options.walker else []
    for seed in range(options.seeds):
        for name, overrides in (REFINE if options.walker else DISCOVER).items():
            if (name, seed) in known:
                continue
            config = load_config(BASE, [*overrides, f"seed={seed}"])
            record = {"variant": name, "seed": seed, **measure(config, options.steps, initial)}
            with options.out.open("a") as file:
                file.write(json.dumps(record) + "\n")
            print(record, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
