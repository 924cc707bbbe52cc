"""Learning curve of a run with stages: ``python -m benchmarks.curves RUN curve.svg``.

One line for each stage: the best score of each generation, in the stage's own task (shorter episodes, other rewards),
against all steps simulated since the run began, restarts and the choice of survivors included. The dots are what that
comes to: the first survivor of a stage on 100 whole episodes of the true task that no search saw, at the stage's
weights, in the run's simulator. The same figures are printed as a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.searching import on_whole_episodes
from configs import load_config
from experiment.terminal.command_line import exit_status
from storage.genome_file import load_genomes
from storage.metrics import read_columns
from wann.errors import UserError
from wann.genome import Genome
from wann.network import compile_genome
from wann.randomness import Purpose, episode_seeds

EPISODES = 100


@dataclass(frozen=True)
class Stage:
    """One stage of a run, its restarts one after the other."""

    name: str
    steps: NDArray[np.float64]  # simulated since the run began, at each generation of each restart
    scores: NDArray[np.float64]  # NaN between restarts
    end: int  # simulated steps since the run began, when its survivors were chosen
    mean: float
    falls: float | None
    connections: int


def stages_of(run: Path, episodes: int = EPISODES) -> list[Stage]:
    """The finished stages of a run, in their order."""
    stages, total = [], 0
    for directory in sorted((run / "stages").glob("*-*"), key=lambda path: int(path.name.split("-", 1)[0])):
        steps, scores, best = [], [], None
        for restart in sorted(directory.glob("restart-*/survivors")):
            columns = read_columns(restart.parent, ("env_steps", "best_mean_return"))
            steps += [*(total + columns["env_steps"]), total + columns["env_steps"][-1]]
            scores += [*columns["best_mean_return"], np.nan]
            found = load_genomes(restart)
            total += found.metadata["env_steps"] + found.metadata["selection_steps"]
            if len(found.scores) and (best is None or found.scores[0] > best[1]):
                best = restart.parent, found.scores[0], found.genomes[0]
        if best is not None:
            name = directory.name.split("-", 1)[1]
            true = _true(best[0], best[2], episodes)
            stages.append(Stage(name, np.array(steps), np.array(scores, float), total, *true))
    if not stages:
        raise UserError(f"{run}: expected a run with finished stages, found none")
    return stages


def _true(restart: Path, genome: Genome, episodes: int) -> tuple[float, float | None, int]:
    """Mean return, share of falls and connections of a survivor on whole episodes."""
    seeds = episode_seeds(0, Purpose.CHAMPION_SELECTION, 4000, episodes)
    returns = on_whole_episodes(load_config(restart / "config.yaml"), genome, seeds)
    falls = None if returns.falls is None else float(returns.falls.mean())
    return float(returns.values.mean()), falls, compile_genome(genome).num_connections


def draw(stages: list[Stage], path: Path) -> None:
    with mpl.rc_context({"svg.hashsalt": "curves", "font.size": 9}):
        figure = Figure(figsize=(7, 3.6), layout="constrained")
        axes = figure.subplots()
        for stage in stages:
            axes.plot(stage.steps / 1e6, stage.scores, linewidth=1.2, label=f"{stage.name}: score in its own task")
        ends = [stage.end / 1e6 for stage in stages]
        axes.plot(ends, [stage.mean for stage in stages], "ko--", linewidth=0.8, label="first survivor, whole episodes")
        axes.set_xlabel("simulated steps, millions")
        axes.set_ylabel("return")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.curves", description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--episodes", type=int, default=EPISODES, help="of each dot (%(default)s)")
    options = parser.parse_args(arguments)
    stages = stages_of(options.run, options.episodes)
    draw(stages, options.picture)
    print("| stage | steps | first survivor, whole episodes | falls | connections |\n|---|--:|--:|--:|--:|")
    for stage in stages:
        falls = "" if stage.falls is None else f"{stage.falls:.0%}"
        print(f"| {stage.name} | {stage.end / 1e6:.1f} M | {stage.mean:.0f} | {falls} | {stage.connections} |")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.curves", lambda: main(sys.argv[1:])))
