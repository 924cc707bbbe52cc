"""Searches in stages: each stage a few ordinary runs, which start from the survivors of the stage before.

A run with stages holds ``stages/1-NAME/restart-000`` and so on, each a run directory that can stand alone:
the genomes it starts from are in its ``initial``. Once its ``survivors`` are written it is finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from configs import config_hash, stage_config, stored_config_hash
from evolution.mutation.mirroring import mirrored
from evolution.protocol import AskTell
from experiment.champions import Survivors, initial_genomes, survivors
from experiment.evaluators import Evaluators
from experiment.opening import task_of
from experiment.replicates.children import open_child
from experiment.terminal.command_line import StopRequest
from storage.checkpoint import CheckpointError, load_latest
from storage.csv_text import csv_text
from storage.files import RunError
from storage.genome_file import load_genomes
from storage.run_directory import RunDirectory
from wann.errors import UserError
from wann.network import compile_genome, compile_population
from wann.population import Population, concatenate
from wann.randomness import Purpose, keyed_rng

LOGGER = logging.getLogger(__name__)

DIRECTORY, SURVIVORS, TABLE = "stages", "survivors", "stages.csv"
# What takes one run through its generations; None if it was asked to stop.
Evolve = Callable[[RunDirectory], AskTell | None]


@dataclass(frozen=True)
class Restart:
    """One search of a stage that is done."""

    stage: str
    number: int  # from 1
    seed: int
    generations: int
    env_steps: int
    survivors: Survivors

    @property
    def best_score(self) -> float:
        return float(self.survivors.scores.max(initial=-np.inf))

    def row(self) -> dict[str, object]:
        """A line of the table."""
        best = self.survivors.genomes[0] if len(self.survivors.genomes) else None
        return {
            "stage": self.stage,
            "restart": self.number,
            "seed": self.seed,
            "generations": self.generations,
            "env_steps": self.env_steps,
            "selection_steps": self.survivors.steps,
            "best_score": None if best is None else self.best_score,
            "connections": None if best is None else compile_genome(best).num_connections,
        }


def run_stages(
    parent: RunDirectory, evolve: Evolve, evaluators: Evaluators, console: Console, stop: StopRequest
) -> Population | None:
    """Run what is not finished yet of every stage; the survivors of the last one, or None if stopped on the way.

    Raises:
        RunError: all genomes of a stage fail.
        Stopped: while survivors were chosen.
    """
    config = parent.config
    done: list[Restart] = []
    genomes: Population | None = None
    for index, stage in enumerate(config.stages):
        if stage.mirrored and genomes is not None:
            genomes = mirrored(genomes)
        here: list[Restart] = []
        for number in range(stage.restarts):
            if stage.enough is not None and any(restart.best_score >= stage.enough for restart in here):
                break
            restart = _Restart(parent, index, number)
            found = restart.finished()
            if found is None:
                if stop.requested:
                    return None
                _announce(console, parent, index, number)
                found = restart.run(genomes, evolve, evaluators, stop)
            if found is None:
                return None
            here.append(found)
            done.append(found)
            parent.write(TABLE, csv_text([restart.row() for restart in done]).encode())
        genomes = merged([restart.survivors for restart in here], stage.survivors)
        if not len(genomes):
            raise RunError(
                None,
                f"expected survivors of stage {stage.name!r} with finite returns, found none in {len(here)} restarts",
            )
    print_stages(console, parent, done)
    return genomes


def merged(parts: list[Survivors], wanted: int) -> Population:
    """The ``wanted`` best different genomes of all restarts, best first."""
    genomes = concatenate([part.genomes for part in parts])
    order = np.argsort(-np.concatenate([part.scores for part in parts]), kind="stable")
    different = compile_population(genomes).take(order).different()
    return genomes.take(order[different[:wanted]])


class _Restart:
    """Restart ``number`` (from 0) of stage ``index``: its place, its config, and whether it is finished."""

    def __init__(self, parent: RunDirectory, index: int, number: int) -> None:
        config = parent.config
        self._parent = parent
        self._stage = config.stages[index]
        self._number = number
        self._path = parent.path / DIRECTORY / f"{index + 1}-{self._stage.name}" / f"restart-{number:03d}"
        seed = _seed_of(config.seed, index, number)
        # The genomes of `initial` are handed over like those of a stage before.
        self._named = config.initial if index == 0 else ()
        own = {"seed": seed, "replicates": 1, "initial": ()}
        self._config = stage_config(config, index).model_copy(update=own)

    def finished(self) -> Restart | None:
        """What it came to, if its survivors are written."""
        try:
            found = load_genomes(self._path / SURVIVORS)
        except FileNotFoundError:
            return None
        except CheckpointError as error:
            LOGGER.warning("%s; they are chosen again", error)
            return None
        if not self._made_under(found.metadata["config_hash"]):
            raise UserError(
                f"{self._path.parent.parent.parent / 'config.yaml'}: expected the config that {self._path / SURVIVORS} "
                "was made under, found another; restore it, or start a new run"
            )
        chosen = Survivors(found.genomes, found.scores, found.metadata["selection_steps"])
        return self._done(found.metadata["env_steps"], chosen)

    def _made_under(self, stamp: str) -> bool:
        """True for the hash of this restart's config, or of the same config in an earlier layout of it."""
        expected = config_hash(self._config)
        if stamp == expected:
            return True
        checkpoint = load_latest(self._path)
        if checkpoint is None or checkpoint.metadata.get("config_hash") != stamp:
            return False
        return stored_config_hash(checkpoint.metadata.get("config", {})) == expected

    def run(
        self, genomes: Population | None, evolve: Evolve, evaluators: Evaluators, stop: StopRequest
    ) -> Restart | None:
        """Begin or go on, and choose its survivors; None if stopped."""
        with self._open(genomes) as run:
            search = evolve(run)
            if search is None:
                return None
            evaluator = evaluators.on(task_of(run.config))
            chosen = survivors(search.candidates(), run.config, evaluator, self._stage.survivors, stop)
            checkpoint = run.load_checkpoint()
            assert checkpoint is not None  # The last generation is always saved.
            env_steps = checkpoint.metadata["totals"]["env_steps"]
            facts = {"env_steps": env_steps, "selection_steps": chosen.steps, "config_hash": config_hash(run.config)}
            run.save_genomes(SURVIVORS, chosen.genomes, chosen.scores, facts)
        return self._done(env_steps, chosen)

    def _open(self, genomes: Population | None) -> RunDirectory:
        def initial() -> Population | None:
            if not self._named:
                return genomes
            named = self._config.model_copy(update={"initial": self._named})
            return Population.of(initial_genomes(named, task_of(named)))

        return open_child(self._parent, self._path, self._config, initial)

    def _done(self, env_steps: int, chosen: Survivors) -> Restart:
        config = self._config
        return Restart(self._stage.name, self._number + 1, config.seed, config.generations, env_steps, chosen)


def _seed_of(seed: int, index: int, number: int) -> int:
    """The run's own for its very first search, so that a seed found without stages can begin a run with them."""
    if index == number == 0:
        return seed
    return int(keyed_rng(seed, Purpose.STAGE, index, number).integers(2**63 - 1))


def _announce(console: Console, parent: RunDirectory, index: int, number: int) -> None:
    stages = parent.config.stages
    stage = stages[index]
    within = f"{parent.path.name}: " if parent.path.name.startswith("replicate-") else ""
    restart = f", restart {number + 1} of {stage.restarts}" if stage.restarts > 1 else ""
    console.print(f"{within}Stage {index + 1} of {len(stages)}: {stage.name}{restart}", highlight=False, soft_wrap=True)


def print_stages(console: Console, parent: RunDirectory, done: list[Restart]) -> None:
    """A line for each restart of each stage, and where the file is."""
    table = Table(title="Stages (scores on held-out episodes of the stage)")
    for name in ("stage", "restart", "generations", "steps", "best score", "connections"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for restart in done:
        row = restart.row()
        best = "-" if row["best_score"] is None else f"{restart.best_score:.1f}"
        steps = f"{restart.env_steps + restart.survivors.steps:,}"
        figures = [row["restart"], row["generations"], steps, best, row["connections"]]
        table.add_row(restart.stage, *("-" if figure is None else str(figure) for figure in figures))
    console.print(table)
    console.print(f"  {parent.address_of(parent.path / TABLE)}", highlight=False, markup=False, soft_wrap=True)
