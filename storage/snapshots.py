"""The best networks of a run's generations 1, 2, 4, 8, ...: with them one can watch a topology grow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.checkpoint import CheckpointError, disk_error
from storage.genome_file import load_genomes, save_genomes
from wann.genome import Genome
from wann.population import Population

SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Snapshot:
    """The genome that a generation's line of metrics calls the best."""

    generation: int  # counted from 1
    genome: Genome
    mean_return: float


def is_due(generation: int) -> bool:
    """Whether a generation, counted from 1, is kept: powers of two are, so a run of any length keeps few."""
    return generation > 0 and generation & (generation - 1) == 0


def save_snapshot(run: Path, snapshot: Snapshot) -> None:
    """Keep a snapshot in a run's directory. One that is there stays: a generation gives the same whenever it is run.

    Raises:
        RunError: the disk is full or fails.
    """
    path = run / SNAPSHOTS / f"{snapshot.generation:07d}"
    if path.exists():
        return
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(run, path, error) from error
    save_genomes(path, Population.of([snapshot.genome]), np.array([snapshot.mean_return]))


def load_snapshots(run: Path) -> list[Snapshot]:
    """All of a run, first generation first; none where the directory has none, as of runs of older versions.

    Raises:
        CheckpointError: a file is damaged or holds something else.
    """
    paths = sorted(path for path in (run / SNAPSHOTS).glob("*") if path.name.isdecimal())
    return [_load(path) for path in paths]


def _load(path: Path) -> Snapshot:
    found = load_genomes(path)
    if len(found.genomes) != 1 or found.scores.shape != (1,):
        raise CheckpointError(f"{path}: expected one genome and its score, found {len(found.genomes)}")
    return Snapshot(int(path.name), found.genomes[0], float(found.scores[0]))
