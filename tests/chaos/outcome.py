"""The results of a run: they must be the same on every machine and after every accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from storage.metrics import read_metrics


def outcome(run: Path) -> tuple[bytes, list[dict[str, Any]], dict[str, bytes]]:
    """The champion's file, the metrics of each generation, and the files of the best networks on the way."""
    snapshots = {path.name: path.read_bytes() for path in (run / "snapshots").iterdir()}
    return (run / "champion.json").read_bytes(), metrics(run), snapshots


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without figures of time and of workers, which are outside the promise."""
    return [{key: value for key, value in line.items() if not _is_timing(key)} for line in read_metrics(run)]


def num_generations(run: Path) -> int:
    """Generations that are done so far, also while the run goes on."""
    return len(read_metrics(run))


def _is_timing(key: str) -> bool:
    return key.endswith("_seconds") or key.startswith("worker_")
