"""The memory of a process."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_megabytes() -> float:
    """Memory of this process, without file pages, which the system may drop. NaN if Linux does not report it."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon:")), float("nan"))
