"""The effect of each part of a search at equal simulated steps: ``python -m benchmarks.parts walker-settle --run RUN``.

Every variant changes one part of one stage of a config, runs over the same seeds, and is stopped by the number of
simulated steps. Stages after the first start from what the stage before handed on in the run given by ``--run``; of
several runs each seed takes the next one. The figures are of the genome that the search itself thinks best, on whole
episodes with the task's own rewards that no search saw: at the best of the stage's weights, or if it samples them at
the middle of each part of their range. The few steps in which safe mutations watch networks, about 1 %, are not
counted. Lines are appended to the file given by ``--out``, and what stands there is not run again; at the end all of it
is printed as a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import kept, worst_tenth
from benchmarks.searching import generations, on_whole_episodes
from benchmarks.survivors import survivors_of
from configs import Config, load_config, stage_config
from experiment.build import task_of
from experiment.stages import handed_on
from experiment.terminal.command_line import exit_status
from storage.run_directory import CONFIG
from wann.errors import UserError
from wann.genome import Genome
from wann.network import compile_genome
from wann.randomness import Purpose, episode_seeds

# Of a variant, what changes: keys of sections, or a setting of the stage itself.
Changes = Mapping[str, Any]
AS_CONFIGURED: dict[str, Changes] = {"as configured": {}}


@dataclass(frozen=True)
class Part:
    """Variants of a stage, which all simulate ``steps`` million steps."""

    config: str
    stage: str
    steps: float
    variants: Mapping[str, Changes]
    episodes: int = 100  # that the best genome is judged on, at each weight
    columns: tuple[str, ...] = ("falls", "without falls")

    def index_in(self, config: Config) -> int:
        """The stage's number, from 0."""
        return [stage.name for stage in config.stages].index(self.stage)

    def variant(self, changes: Changes, seed: int) -> Config:
        """The config with a changed stage."""
        config = load_config(self.config)
        stages, index = list(config.stages), self.index_in(config)
        chosen = stages[index]
        laid = {
            key: getattr(chosen, key) | values if isinstance(values, Mapping) else values
            for key, values in changes.items()
        }
        stages[index] = chosen.model_copy(update=laid)
        return config.model_copy(update={"stages": tuple(stages), "seed": seed})


WALKER, RACER, POLE = (
    f"configs/{name}.yaml" for name in ("bipedal_walker", "car_racing_dashboard", "cartpole_swingup")
)
PARTS: dict[str, Part] = {
    "walker-discover": Part(
        WALKER,
        "discover",
        1.5,
        AS_CONFIGURED
        | {
            "without the stall stop": {"task": {"stall_steps": None}},
            "cut at 400 steps instead of the stall stop": {"task": {"stall_steps": None, "max_steps": 400}},
            "six weights instead of one": {"evaluation": {"weights": [-2, -1, -0.5, 0.5, 1, 2]}},
            "published ranking": {"search": {"strategy": "published"}},
        },
    ),
    "walker-quicken": Part(
        WALKER,
        "quicken",
        0.8,
        AS_CONFIGURED
        | {
            "whole episodes, with the fall penalty": {"task": {"max_steps": None, "fall_penalty": True}},
            "without safe mutations": {"search": {"safe_mutation": None}},
            "two rollouts for all instead of the race": {"evaluation": {"race": [], "rollouts": 2}},
            "published ranking": {"search": {"strategy": "published"}},
        },
    ),
    "walker-settle": Part(
        WALKER,
        "settle",
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
    "racer-look": Part(
        RACER,
        "look",
        3.0,
        AS_CONFIGURED
        | {
            "latents alone, no dashboard": {"task": {"inputs": "latents"}},
            "one track for all instead of the race": {"evaluation": {"race": [], "rollouts": 1}},
            "two tracks for all": {"evaluation": {"race": [], "rollouts": 2}},
            "four tracks for all": {"evaluation": {"race": [], "rollouts": 4}},
            "ranked by mean and worst tracks": {"search": {"lower_bound": {"risk": 0.5}}},
        },
        episodes=400,
        columns=("worst tenth",),
    ),
    "pole-widen": Part(
        POLE,
        "widen",
        2000.0,
        AS_CONFIGURED
        | {
            "one of each relay": {"relays": 1},
            "sixteen of each relay": {"relays": 16},
            "not mirrored": {"mirrored": False, "relays": 1},
        },
        episodes=64,
        columns=("worst tenth",),
    ),
}


def initial_of(run: Path, config: Config, index: int) -> list[Genome]:
    """What a stage starts from, made from what the stage before handed on in a run.

    Raises:
        UserError: the run has no such stage, or has not finished the one before.
    """
    names, stage = [own.name for own in load_config(run / CONFIG).stages], config.stages[index].name
    if stage not in names[1:]:
        raise UserError(place=run, expected=f"a run with a stage {stage} after others", found=f"stages {names}")
    before, genomes = survivors_of(run, names[names.index(stage) - 1])
    inputs = task_of(stage_config(config, index)).input_names
    return list(handed_on(genomes, task_of(before).input_names, inputs, config.stages[index]))


def measure(config: Config, steps: float, initial: list[Genome], episodes: int) -> dict[str, Any]:
    """Steps and generations taken, and the true returns of the best genome at the end."""
    done, search = next(pair for pair in generations(config, initial) if pair[0] >= steps)
    # A search from nothing ends with young genomes in front; the others with what the next generation is bred from.
    best = search.population[0] if initial else search.hall[0]
    seeds = episode_seeds(config.seed, Purpose.CHAMPION_SELECTION, 3000, episodes)
    returns = on_whole_episodes(config, best, seeds)
    weight = int(returns.values[0].mean(axis=1).argmax())
    chosen = np.s_[0, weight] if config.evaluation.sampled_weights is None else np.s_[0]
    values = returns.values[chosen].ravel()
    fell = np.zeros(0, np.bool_) if returns.falls is None else returns.falls[chosen].ravel()
    return {
        "steps": done,
        "generations": search.generation,
        "connections": compile_genome(best).num_connections,
        "mean": float(values.mean()),
        "worst tenth": worst_tenth(values),
        "falls": float(fell.mean()) if len(fell) else None,
        "without falls": float(values[~fell].mean()) if (~fell).any() else None,
    }


def table(part: Part, records: list[dict[str, Any]]) -> str:
    """Markdown: mean over the seeds of each variant, and the seeds' own."""
    lines = [f"| stage | variant | mean | {' | '.join(part.columns)} |"]
    lines.append("|---|---|" + "--:|" * (1 + len(part.columns)))
    for name in dict.fromkeys(record["variant"] for record in records):
        own = [record for record in records if record["variant"] == name]
        mean = np.mean([record["mean"] for record in own])
        each = ", ".join(f"{record['mean']:.0f}" for record in own)
        cells = [f"{mean:.0f} ({each})", *(_cell(column, own) for column in part.columns)]
        lines.append(f"| {part.stage} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(column: str, records: list[dict[str, Any]]) -> str:
    figures = [record[column] for record in records if record[column] is not None]
    return "-" if not figures else f"{np.mean(figures):{'.0%' if column == 'falls' else '.0f'}}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.parts", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--run", type=Path, nargs="+", help="finished runs of the config")
    parser.add_argument("--out", type=Path, default=Path("runs/parts.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=float, help="millions, of each search (default: by the stage)")
    parser.add_argument("--episodes", type=int, help="that each is judged on (default: by the stage)")
    options = parser.parse_args(arguments)
    part = PARTS[options.part]
    index = part.index_in(load_config(part.config))
    if index and options.run is None:
        parser.error(f"stage {part.stage} starts from a run: give --run")
    steps = part.steps if options.steps is None else options.steps

    def measured(**key: Any) -> dict[str, Any]:
        config = part.variant(part.variants[key["variant"]], key["seed"])
        initial = initial_of(options.run[key["seed"] % len(options.run)], config, index) if index else []
        found = measure(stage_config(config, index), steps * 1e6, initial, options.episodes or part.episodes)
        print({**key, **found}, flush=True)
        return found

    wanted = [
        {"part": options.part, "variant": name, "seed": seed} for seed in range(options.seeds) for name in part.variants
    ]
    records = [record for record in kept(options.out, wanted, measured) if record["part"] == options.part]
    print(table(part, records))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.parts", lambda: main(sys.argv[1:])))
