"""The survivors of a finished stage of a run."""

from __future__ import annotations

from pathlib import Path

from configs import load_config
from configs.schema import Config
from envs.task import Task
from experiment.build import task_of
from experiment.champions import Survivors
from experiment.stages import SURVIVORS, merged
from storage.genome_file import load_genomes
from storage.run_directory import CONFIG
from wann.errors import UserError
from wann.genome import Genome
from wann.population import Population


def survivors_of(run: Path, stage: str) -> tuple[Config, Population]:
    """The config of a stage's searches, and the best of their survivors, which the stage hands on; best first.

    Raises:
        UserError: the run has no such finished stage.
    """
    found = sorted(run.glob(f"stages/*-{stage}/restart-*/{SURVIVORS}"))
    if not found:
        raise UserError(place=run, expected=f"a run with a finished stage {stage}", found="none")
    files = [load_genomes(path) for path in found]
    [wanted] = [own.survivors for own in load_config(run / CONFIG).stages if own.name == stage]
    genomes = merged([Survivors(file.genomes, file.scores, 0) for file in files], wanted)
    return load_config(found[0].parent / CONFIG), genomes


def first_survivor(run: Path, stage: str) -> tuple[Task, Genome]:
    """The task of a stage in whole episodes, and the best of its survivors.

    Raises:
        UserError: the run has no such finished stage.
    """
    config, genomes = survivors_of(run, stage)
    return task_of(config).reported, genomes[0]
