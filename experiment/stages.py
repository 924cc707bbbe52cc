"""Searches in stages. Each stage is a few ordinary runs, which start from the survivors of the stage before.

A run with stages holds ``stages/1-NAME/restart-000`` and so on. Each is a complete run directory: the genomes it starts
from are in its ``initial``. It is finished once its ``survivors`` are written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from configs import Config, config_hash, stored_config_hash
from configs.schema import StageConfig
from evolution.mutation.mirroring import amplified, mirrored
from evolution.mutation.more_inputs import with_inputs
from evolution.protocol import AskTell
from experiment.build import Evaluators
from experiment.champions import Found, Survivors, initial_genomes, survivors
from experiment.plan import SearchPlan, StagePlan
from experiment.replicates.children import open_child
from experiment.terminal.choosing import Choosing
from experiment.terminal.command_line import StopRequest
from experiment.terminal.live import label_of
from storage.checkpoint import CheckpointError, load_latest
from storage.csv_text import csv_text
from storage.files import RunError
from storage.genome_file import load_genomes
from storage.run_directory import CONFIG, RunDirectory
from wann.errors import UserError
from wann.network import compile_genome, compile_population
from wann.population import Population, concatenate
from wann.randomness import Purpose, keyed_rng

LOGGER = logging.getLogger(__name__)

SURVIVORS, TABLE = "survivors", "stages.csv"
# Runs the generations of one run; returns None if asked to stop.
Evolve = Callable[[RunDirectory], AskTell | None]


@dataclass(frozen=True)
class Restart:
    """One finished search of a stage."""

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
        """The row of the table."""
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
    parent: RunDirectory,
    plan: SearchPlan,
    evolve: Evolve,
    evaluators: Evaluators,
    console: Console,
    stop: StopRequest,
) -> Found | None:
    """Run the unfinished searches of every stage. Returns the survivors of the last stage, or None if stopped.

    Raises:
        RunError: all genomes of a stage fail.
        Stopped: a stop was requested while survivors were chosen.
    """
    done: list[Restart] = []
    genomes: Population | None = None
    before: tuple[str, ...] = ()  # names of the genomes' inputs
    generations = 0
    for stage in plan.stages:
        settings, inputs = stage.settings, evaluators.task_of(stage.config).input_names
        if genomes is not None:
            genomes = handed_on(genomes, before, inputs, settings)
        before = inputs
        here: list[Restart] = []
        for number in range(settings.restarts):
            if settings.enough is not None and any(restart.best_score >= settings.enough for restart in here):
                break
            restart = _Restart(parent, plan, stage, number, evaluators)
            found = restart.finished()
            if found is None:
                if stop.requested:
                    return None
                _announce(console, parent, plan, stage, number)
                found = restart.run(genomes, evolve, console, stop)
            if found is None:
                return None
            here.append(found)
            done.append(found)
            parent.write(TABLE, csv_text([restart.row() for restart in done]).encode())
        generations += max(restart.generations for restart in here)
        genomes = merged([restart.survivors for restart in here], settings.survivors)
        if not len(genomes):
            expected = f"survivors of stage {settings.name!r} with finite returns"
            raise RunError(None, f"expected {expected}, found none in {len(here)} restarts")
    assert genomes is not None  # A plan with stages has at least one.
    print_stages(console, parent, done)
    return Found(genomes, generations)


def handed_on(
    genomes: Population, before: tuple[str, ...], inputs: tuple[str, ...], settings: StageConfig
) -> Population:
    """The genomes that a stage starts from: survivors that saw the inputs ``before``, for a task with ``inputs``."""
    return _changed(with_inputs(genomes, before, inputs), settings)


def _changed(genomes: Population, settings: StageConfig) -> Population:
    return amplified(mirrored(genomes) if settings.mirrored else genomes, settings.relays)


def merged(parts: list[Survivors], wanted: int) -> Population:
    """The ``wanted`` best different genomes of all restarts, best first."""
    genomes = concatenate([part.genomes for part in parts])
    order = np.argsort(-np.concatenate([part.scores for part in parts]), kind="stable")
    different = compile_population(genomes).take(order).different()
    return genomes.take(order[different[:wanted]])


class _Restart:
    """Restart ``number`` (from 0) of a stage: its place, its config, and its end."""

    def __init__(
        self, parent: RunDirectory, plan: SearchPlan, stage: StagePlan, number: int, evaluators: Evaluators
    ) -> None:
        self._parent, self._stage, self._number, self._evaluators = parent, stage, number, evaluators
        self._path = parent.path / stage.directory(number)
        # The genomes of `initial` are passed on like those of a previous stage.
        self._named = plan.config.initial if stage.number == 1 else ()
        seed = _seed_of(plan.config.seed, stage.number - 1, number)
        own = {"seed": seed, "replicates": 1, "initial": ()}
        self._config: Config = stage.config.model_copy(update=own)

    def finished(self) -> Restart | None:
        """Its outcome if its survivors are written, else None."""
        try:
            found = load_genomes(self._path / SURVIVORS)
        except FileNotFoundError:
            return None
        except CheckpointError as error:
            LOGGER.warning("%s; they are chosen again", error)
            return None
        facts = found.metadata
        if not self._made_under(facts["config_hash"]):
            raise UserError(
                place=self._parent.address_of(self._parent.path / CONFIG),
                expected=f"the config that {self._parent.address_of(self._path / SURVIVORS)} was made under",
                found="another",
                remedy="restore it, or start a new run",
            )
        chosen = Survivors(found.genomes, found.scores, facts["selection_steps"])
        # Old files, from before searches could end early, do not have the number of generations.
        return self._done(facts.get("generations", self._config.generations), facts["env_steps"], chosen)

    def _made_under(self, stamp: str) -> bool:
        """True for the hash of this restart's config, also of the same config in an earlier layout."""
        expected = config_hash(self._config)
        if stamp == expected:
            return True
        checkpoint = load_latest(self._path)
        if checkpoint is None or checkpoint.metadata.get("config_hash") != stamp:
            return False
        return stored_config_hash(checkpoint.metadata.get("config", {})) == expected

    def run(self, genomes: Population | None, evolve: Evolve, console: Console, stop: StopRequest) -> Restart | None:
        """Start or resume the search, and choose its survivors. Returns None if stopped."""
        with self._open(genomes) as run:
            search = evolve(run)
            if search is None:
                return None
            evaluator = self._evaluators.on(self._evaluators.task_of(run.config))
            wanted = self._stage.settings.survivors
            with Choosing(console, label_of(run.path), "survivors", run.config.logging.progress) as choosing:
                chosen = survivors(search.candidates(), run.config, evaluator, wanted, stop, choosing.update)
            checkpoint = run.load_checkpoint()
            assert checkpoint is not None  # The last generation is always saved.
            facts = {
                "env_steps": checkpoint.metadata["totals"]["env_steps"],
                "selection_steps": chosen.steps,
                "generations": search.generation,
                "config_hash": config_hash(run.config),
            }
            run.save_genomes(SURVIVORS, chosen.genomes, chosen.scores, facts)
        return self._done(search.generation, facts["env_steps"], chosen)

    def _open(self, genomes: Population | None) -> RunDirectory:
        def initial() -> Population | None:
            if not self._named:
                return genomes
            named = self._config.model_copy(update={"initial": self._named})
            originals = Population.of(initial_genomes(named, self._evaluators.task_of(named)))
            return _changed(originals, self._stage.settings)

        return open_child(self._parent, self._path, self._config, initial)

    def _done(self, generations: int, env_steps: int, chosen: Survivors) -> Restart:
        name = self._stage.settings.name
        return Restart(name, self._number + 1, self._config.seed, generations, env_steps, chosen)


def _seed_of(seed: int, index: int, number: int) -> int:
    """The seed of a restart. The very first search has the run's own seed, so that a seed that was found to be good
    without stages can be used for a run with stages.
    """
    if index == number == 0:
        return seed
    return int(keyed_rng(seed, Purpose.STAGE, index, number).integers(2**63 - 1))


def _announce(console: Console, parent: RunDirectory, plan: SearchPlan, stage: StagePlan, number: int) -> None:
    settings = stage.settings
    within = f"{parent.path.name}: " if parent.path.name.startswith("replicate-") else ""
    restart = f", restart {number + 1} of {settings.restarts}" if settings.restarts > 1 else ""
    line = f"{within}Stage {stage.number} of {len(plan.stages)}: {settings.name}{restart}"
    console.print(line, highlight=False, soft_wrap=True)


def print_stages(console: Console, parent: RunDirectory, done: Sequence[Restart]) -> None:
    """Print a line for each restart of each stage, and the place of the file."""
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
