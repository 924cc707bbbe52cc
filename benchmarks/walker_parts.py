"""The effect of each part of the walker's search at equal simulated steps: ``python -m benchmarks.walker_parts STAGE``.

Every variant changes one part of a stage of configs/bipedal_walker.yaml, runs over the same seeds, and is stopped by
the number of simulated steps. Stages after the first start from what the run given by ``--run`` began that stage with.
The figures are of the genome that the search itself thinks best, on whole episodes with Gymnasium's rewards
that no search saw (of six weights the best one's). The few steps in which safe mutations watch networks, about 1 %, are
not counted. Lines are appended to the file given by ``--out``, and what stands there is not run again; at the
end all of it is printed as a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import kept
from benchmarks.searching import generations, on_whole_episodes
from configs import Config, load_config, stage_config
from experiment.terminal.command_line import exit_status
from storage.genome_file import load_genomes
from wann.genome import Genome
from wann.network import compile_genome
from wann.randomness import Purpose, episode_seeds

BASE = "configs/bipedal_walker.yaml"
EPISODES = 100
AS_CONFIGURED: dict[str, dict[str, Any]] = {"as configured": {}}
# For each stage: simulated steps in millions, and the changes of each variant to its sections.
VARIANTS: dict[str, tuple[float, dict[str, dict[str, Any]]]] = {
    "discover": (
        1.5,
        AS_CONFIGURED
        | {
            "without the stall stop": {"task": {"stall_steps": None}},
            "cut at 400 steps instead of the stall stop": {"task": {"stall_steps": None, "max_steps": 400}},
            "six weights instead of one": {"evaluation": {"weights": [-2, -1, -0.5, 0.5, 1, 2]}},
            "published ranking": {"search": {"strategy": "published"}},
        },
    ),
    "quicken": (
        0.8,
        AS_CONFIGURED
        | {
            "whole episodes, with the fall penalty": {"task": {"max_steps": None, "fall_penalty": True}},
            "without safe mutations": {"search": {"safe_mutation": None}},
            "two rollouts for all instead of the race": {"evaluation": {"race": [], "rollouts": 2}},
            "published ranking": {"search": {"strategy": "published"}},
        },
    ),
    "settle": (
        1.5,
        AS_CONFIGURED
        | {
            "without safe mutations": {"search": {"safe_mutation": None}},
            "two rollouts for all instead of the race": {"evaluation": {"race": [], "rollouts": 2}},
            "lifetime mean instead of the lower bound": {"search": {"lower_bound": {"confidence": 0.0}}},
            "published ranking": {"search": {"strategy": "published"}},
            "cut at 500 steps, without the fall penalty": {"task": {"max_steps": 500, "fall_penalty": False}},
        },
    ),
}


def variant(stage: int, changes: dict[str, dict[str, Any]], seed: int) -> Config:
    config = load_config(BASE)
    chosen = config.stages[stage]
    laid = {section: getattr(chosen, section) | values for section, values in changes.items()}
    stages = [chosen.model_copy(update=laid) if index == stage else own for index, own in enumerate(config.stages)]
    own = stage_config(config.model_copy(update={"stages": tuple(stages)}), stage)
    return own.model_copy(update={"seed": seed})


def measure(config: Config, steps: float, initial: list[Genome], episodes: int = EPISODES) -> dict[str, Any]:
    """Steps and generations taken, and the true returns of the best genome at the end."""
    done, search = next(pair for pair in generations(config, initial) if pair[0] >= steps)
    # A search from nothing ends with young genomes in front; the others with what the next generation is bred from.
    best = search.population[0] if initial else search.hall[0]
    seeds = episode_seeds(config.seed, Purpose.CHAMPION_SELECTION, 3000, episodes)
    returns = on_whole_episodes(config, best, seeds)
    assert returns.falls is not None
    weight = int(returns.values[0].mean(axis=1).argmax())
    values, fell = returns.values[0, weight], returns.falls[0, weight]
    return {
        "steps": done,
        "generations": search.generation,
        "connections": compile_genome(best).num_connections,
        "mean": float(values.mean()),
        "falls": float(fell.mean()),
        "without_falls": None if fell.all() else float(values[~fell].mean()),
    }


def table(records: list[dict[str, Any]]) -> str:
    """Markdown: mean over the seeds of each variant, and the seeds' own."""
    lines = ["| stage | variant | mean | falls | without falls |", "|---|---|--:|--:|--:|"]
    for stage, name in dict.fromkeys((record["stage"], record["variant"]) for record in records):
        own = [record for record in records if (record["stage"], record["variant"]) == (stage, name)]
        mean, falls, sure = (
            np.array([np.nan if record[key] is None else record[key] for record in own])
            for key in ("mean", "falls", "without_falls")
        )
        each = ", ".join(f"{value:.0f}" for value in mean)
        steady = "-" if np.isnan(sure).all() else f"{np.nanmean(sure):.0f}"
        lines.append(f"| {stage} | {name} | {mean.mean():.0f} ({each}) | {falls.mean():.0%} | {steady} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.walker_parts", description=__doc__)
    parser.add_argument("stage", choices=VARIANTS)
    parser.add_argument("--run", type=Path, help="a finished run of the config")
    parser.add_argument("--out", type=Path, default=Path("runs/walker_parts.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=float, help="millions, of each search (default: by the stage)")
    parser.add_argument("--episodes", type=int, default=EPISODES, help="that each is judged on (%(default)s)")
    options = parser.parse_args(arguments)
    index = [stage.name for stage in load_config(BASE).stages].index(options.stage)
    if index and options.run is None:
        parser.error(f"stage {options.stage} starts from a run: give --run")
    initial = []
    if index:
        found = next(options.run.glob(f"stages/*-{options.stage}/restart-000/initial"), None)
        if found is None:
            parser.error(f"--run {options.run}: expected a run with the stage {options.stage}, found none")
        initial = list(load_genomes(found).genomes)
    steps, variants = VARIANTS[options.stage]
    steps = steps if options.steps is None else options.steps

    def measured(**key: Any) -> dict[str, Any]:
        found = measure(variant(index, variants[key["variant"]], key["seed"]), steps * 1e6, initial, options.episodes)
        print({**key, **found}, flush=True)
        return found

    wanted = [
        {"stage": options.stage, "variant": name, "seed": seed} for seed in range(options.seeds) for name in variants
    ]
    print(table(kept(options.out, wanted, measured)))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.walker_parts", lambda: main(sys.argv[1:])))
