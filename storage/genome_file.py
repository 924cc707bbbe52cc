"""Genomes on disk: a population with scores and metadata, in the checksummed format of `storage.checkpoint`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.checkpoint import CheckpointError, load, save
from wann.genome import validate_genome
from wann.population import Population


@dataclass(frozen=True)
class GenomeFile:
    """P genomes, their scores if they have any, and JSON metadata."""

    genomes: Population
    scores: NDArray[np.float64]  # [P] or [0]
    metadata: dict[str, Any]


def save_genomes(
    path: Path,
    genomes: Population,
    scores: NDArray[np.float64] | None = None,
    metadata: Mapping[str, Any] | None = None,
    run: Path | None = None,
) -> None:
    """Write a file of genomes atomically.

    Args:
        path: of the file.
        genomes: P of them.
        scores: [P], if they have any.
        metadata: JSON.
        run: directory of the run that the file belongs to; that of the file by default.

    Raises:
        RunError: the disk is full or fails.
    """
    arrays = genomes.to_arrays()
    shape = {"num_inputs": genomes.num_inputs, "num_outputs": genomes.num_outputs}
    save(path, {**arrays, "scores": np.zeros(0) if scores is None else scores}, {**(metadata or {}), **shape}, run)


def load_genomes(path: Path) -> GenomeFile:
    """Read and check a file written by `save_genomes`.

    Raises:
        CheckpointError: the file is truncated, altered or has other contents.
        FileNotFoundError: the file does not exist.
    """
    found = load(path)
    metadata = dict(found.metadata)
    try:
        shape = metadata.pop("num_inputs"), metadata.pop("num_outputs")
        genomes = Population.from_arrays(*shape, found.arrays)
        scores = found.arrays["scores"]
        for genome in genomes:
            validate_genome(genome)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise CheckpointError(place=path, expected="genomes", found=f"something else ({error})") from error
    return GenomeFile(genomes, scores, metadata)
