"""Figures of workers: counted since an evaluator's start, and of one generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

# Figures that are no sums: they hold for now, or since the last look.
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
    """Chunks that were answered since the last look."""

    seconds: list[float] = field(default_factory=list)  # that each took on its worker
    sent_seconds: float = 0.0  # while requests were out

    def figures(self, num_workers: int) -> dict[str, float]:
        """Without chunks nothing was busy, and no chunk has a time (NaN)."""
        available = self.sent_seconds * num_workers
        return {
            "worker_busy_share": min(1.0, sum(self.seconds) / available) if available else 0.0,
            "worker_chunk_median_seconds": median(self.seconds) if self.seconds else float("nan"),
            "worker_chunk_longest_seconds": max(self.seconds, default=float("nan")),
        }


@dataclass
class WorkerCounts:
    """Counts of an evaluator with workers since its start."""

    chunks: int = 0  # sent
    retries: int = 0  # chunks sent again after a worker's death
    stragglers: int = 0  # chunks sent to a second worker since the first was late
    deaths: int = 0
    timeouts: int = 0  # deaths by the time limit
    at_home: int = 0  # requests run in the driver
    outgrown: int = 0  # workers replaced for their memory
    busy_seconds: float = 0.0
    recent: ChunkTimes = field(default_factory=ChunkTimes)

    def figures(self, num_workers: int) -> dict[str, float]:
        """All of them under their names in the log; begins a new count of recent chunks."""
        recent, self.recent = self.recent, ChunkTimes()
        counts = {f"worker_{name}": float(count) for name, count in vars(self).items() if name != "recent"}
        return counts | recent.figures(num_workers)


def of_one_generation(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Two looks at ``statistics()`` of one evaluator: differences of counts, and gauges as they are now."""
    return {key: value if key in GAUGES else value - before.get(key, 0.0) for key, value in now.items()}


def worker_words(line: Mapping[str, float | None], lost: float) -> str:
    """``workers 12  busy 93 %  lost 1``: of a line of metrics, and of all workers lost; empty without workers."""
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
