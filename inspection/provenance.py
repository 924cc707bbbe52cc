"""The origin of a champion and of its report, as rows of tables."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inspection.history import History
from wann.champion import Champion
from wann.extras import PROJECT

_HASH = re.compile("[0-9a-f]{40,}")


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def champion_rows(champion: Champion, file: Path | None) -> list[tuple[str, str]]:
    """(name, text) rows from the champion file; texts are as they stand there."""
    rows = [
        ("Task", f"{champion.task}{_options(champion.task_options)}"),
        ("Seed", str(champion.seed)),
        ("Generation", str(champion.generation)),
        ("Shared weights", _weights(champion.weights)),
        ("Simulator", champion.simulator),
    ]
    if champion.preprocessing is not None:
        rows.append(("Preprocessing", _listed(champion.preprocessing)))
    rows.append(("Versions", _listed(champion.versions) or "not recorded"))
    if file is not None:
        rows += [("File", file.name), ("SHA-256 of the file", file_sha256(file))]
    return rows


def run_rows(history: History) -> list[tuple[str, str]]:
    """Figures of the search, from the metrics of the run."""
    rows = [
        ("Generations", f"{history.generations:,}"),
        ("Simulated steps", f"{history.steps:,}"),
        ("Time of the search", duration(history.seconds)),
    ]
    if len(history.stretches) > 1:
        rows.append(("Searches", ", ".join(f"{part.name} ({len(part)})" for part in history.stretches)))
    return rows


def report_rows(seed: int, episodes: int | None) -> list[tuple[str, str]]:
    """The time, program and machine of this report; ``episodes`` per weight, None if none were played."""
    return [
        ("Made", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("Seed of the report", str(seed)),
        ("Episodes for each weight", "none" if episodes is None else str(episodes)),
        ("Library", _own_version()),
        ("Python", platform.python_version()),
        ("System", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("Processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("Memory", _memory()),
    ]


def duration(seconds: float) -> str:
    """A time in seconds, minutes or hours, such as ``2 h 01 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {whole % 60:02d} s"


def _options(options: Mapping[str, Any]) -> str:
    return f" ({_listed(options)})" if options else ""


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in values.items())


def _shown(value: Any) -> str:
    """The text of a value. A long hash is abbreviated, because the champion file has all of it."""
    if isinstance(value, Mapping):
        return f"({_listed(value)})"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    text = str(value)
    return f"{text[:12]}…" if _HASH.fullmatch(text) else text


def _weights(weights: tuple[float, ...], most: int = 12) -> str:
    if len(weights) <= most:
        return ", ".join(f"{weight:g}" for weight in weights) or "none"
    return f"{len(weights)} from {min(weights):g} to {max(weights):g}"


def _own_version() -> str:
    try:
        return f"{PROJECT} {version(PROJECT)}"
    except PackageNotFoundError:
        return f"{PROJECT}, not installed"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (ValueError, OSError, AttributeError):
        return "not known"
