"""Figures of workers, counted since an evaluator's start, and figures of one generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

# Figures that are not sums: current values, or values since the last call.
GAUGES = (
    "worker_count",
    "worker_live",
    "worker_nodes",
    "worker_poisoned",
    "worker_busy_share",
    "worker_chunk_median_seconds",
    "worker_chunk_longest_seconds",
)


@dataclass
class ChunkTimes:
    """Chunks that were answered since the last call."""

    seconds: list[float] = field(default_factory=list)  # time of each on its worker
    sent_seconds: float = 0.0  # time in which requests were running

    def figures(self, num_workers: int) -> dict[str, float]:
        """The figures for the log. Without chunks, the busy share is 0 and the times of chunks are NaN."""
        available = self.sent_seconds * num_workers
        return {
            "worker_busy_share": min(1.0, sum(self.seconds) / available) if available else 0.0,
            "worker_chunk_median_seconds": median(self.seconds) if self.seconds else float("nan"),
            "worker_chunk_longest_seconds": max(self.seconds, default=float("nan")),
        }


@dataclass
class WorkerCounts:
    """Counts of an evaluator with workers since its start."""

    chunks: int = 0  # chunks sent
    retries: int = 0  # chunks sent again after a worker's death
    stragglers: int = 0  # chunks sent to a second worker because the first was late
    deaths: int = 0
    timeouts: int = 0  # deaths by the time limit
    at_home: int = 0  # requests run in the driver
    outgrown: int = 0  # workers replaced for their memory
    busy_seconds: float = 0.0
    recent: ChunkTimes = field(default_factory=ChunkTimes)

    def figures(self, num_workers: int) -> dict[str, float]:
        """All counts under their names in the log. Starts a new count of recent chunks."""
        recent, self.recent = self.recent, ChunkTimes()
        counts = {f"worker_{name}": float(count) for name, count in vars(self).items() if name != "recent"}
        return counts | recent.figures(num_workers)


def of_one_generation(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """The figures between two results of ``statistics()``: differences of counts, and current gauges."""
    return {key: value if key in GAUGES else value - before.get(key, 0.0) for key, value in now.items()}


def worker_words(line: Mapping[str, float | None], lost: float) -> str:
    """``workers 12  busy 93 %  lost 1``, from a line of metrics and the number lost; empty without workers."""
    live, count = line.get("worker_live"), line.get("worker_count")
    if not count:
        return ""
    nodes = line.get("worker_nodes") or 0
    parts = [f"workers {count:.0f}" if live == count else f"workers {live or 0:.0f} of {count:.0f}"]
    if nodes > 1:
        parts.append(f"nodes {nodes:.0f}")
    if line.get("worker_chunks"):
        parts.append(f"busy {100 * (line.get('worker_busy_share') or 0):.0f} %")
    else:
        parts.append("idle")
    return "  ".join([*parts, *([f"lost {lost:.0f}"] if lost else [])])
