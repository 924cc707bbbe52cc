"""The files of a run: their formats, their places, and their protection against crashes and full disks.

A run's directory holds its config, metrics, checkpoints, snapshots and champion. One process owns it at a time. Imports
`configs` and `wann`; knows nothing about searches, tasks or workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from storage.champion_path import find_champion_file as find_champion_file
    from storage.checkpoint import Checkpoint as Checkpoint
    from storage.checkpoint import CheckpointError as CheckpointError
    from storage.checkpoint import load_latest as load_latest
    from storage.files import RunError as RunError
    from storage.files import WriteError as WriteError
    from storage.genome_file import GenomeFile as GenomeFile
    from storage.genome_file import load_genomes as load_genomes
    from storage.genome_file import save_genomes as save_genomes
    from storage.metrics import last_metrics as last_metrics
    from storage.metrics import read_columns as read_columns
    from storage.metrics import read_metrics as read_metrics
    from storage.mirror import Mirror as Mirror
    from storage.run_directory import RunDirectory as RunDirectory
    from storage.snapshots import Snapshot as Snapshot
    from storage.snapshots import load_snapshots as load_snapshots

_PLACES = {
    "Checkpoint": "storage.checkpoint",
    "CheckpointError": "storage.checkpoint",
    "GenomeFile": "storage.genome_file",
    "Mirror": "storage.mirror",
    "RunDirectory": "storage.run_directory",
    "RunError": "storage.files",
    "Snapshot": "storage.snapshots",
    "WriteError": "storage.files",
    "find_champion_file": "storage.champion_path",
    "last_metrics": "storage.metrics",
    "load_genomes": "storage.genome_file",
    "load_latest": "storage.checkpoint",
    "load_snapshots": "storage.snapshots",
    "read_columns": "storage.metrics",
    "read_metrics": "storage.metrics",
    "save_genomes": "storage.genome_file",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
