"""The survivors of a finished stage of a run."""

from __future__ import annotations

from pathlib import Path

from configs import load_config
from configs.schema import Config
from storage.genome_file import load_genomes
from storage.run_directory import CONFIG
from wann.errors import UserError
from wann.population import Population


def survivors_of(run: Path, stage: str) -> tuple[Config, Population]:
    """The config of a stage's first search, and its survivors, the best one first.

    Raises:
        UserError: the run has no such finished stage.
    """
    found = next(iter(sorted(run.glob(f"stages/*-{stage}/restart-*/survivors"))), None)
    if found is None:
        raise UserError(place=run, expected=f"a run with a finished stage {stage}", found="none")
    return load_config(found.parent / CONFIG), load_genomes(found).genomes
