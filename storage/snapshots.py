"""Snapshots of the best networks of a run's generations 1, 2, 4, 8, ..., which show the growth of a topology."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.checkpoint import CheckpointError
from storage.genome_file import load_genomes
from storage.run_directory import RunDirectory
from wann.genome import Genome
from wann.population import Population

SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Snapshot:
    """The best genome of a generation, to which the "best" figures of its metrics belong."""

    generation: int  # counted from 1
    genome: Genome
    mean_return: float


def is_due(generation: int) -> bool:
    """True for generations (counted from 1) that are kept: powers of two, so that a long run keeps few."""
    return generation > 0 and generation & (generation - 1) == 0


def save_snapshot(run: RunDirectory, snapshot: Snapshot) -> None:
    """Save a snapshot. An existing one is kept, because a repeated generation gives the same genome.

    Raises:
        RunError: the disk is full or fails.
    """
    name = f"{SNAPSHOTS}/{snapshot.generation:07d}"
    if not (run.path / name).exists():
        run.save_genomes(name, Population.of([snapshot.genome]), np.array([snapshot.mean_return]))


def load_snapshots(run: Path) -> list[Snapshot]:
    """All snapshots of a run, first generation first; none if the directory has none, as in runs of older versions.

    Raises:
        CheckpointError: a file is damaged or holds something else.
    """
    paths = sorted(path for path in (run / SNAPSHOTS).glob("*") if path.name.isdecimal())
    return [_load(path) for path in paths]


def _load(path: Path) -> Snapshot:
    found = load_genomes(path)
    if len(found.genomes) != 1 or found.scores.shape != (1,):
        raise CheckpointError(place=path, expected="one genome and its score", found=str(len(found.genomes)))
    return Snapshot(int(path.name), found.genomes[0], float(found.scores[0]))
