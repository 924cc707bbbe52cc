"""``metrics.jsonl``: one JSON object for each generation of a search, in order. This module writes and reads it.

Keys of a line:

- ``generation`` counts from 0. ``best_mean_return``, ``best_max_return`` and ``best_num_connections`` are of the best
  genome; ``median_num_connections``, ``num_unique`` and ``num_failed`` of all (`evolution.protocol.Summary`).
- ``num_restarts`` counts the populations given up before; absent without ``search.restart_after``.
- ``env_steps``, ``wall_seconds`` and ``cpu_seconds`` are sums since the search began; ``evaluate_seconds`` and
  ``evolve_seconds`` are of this generation. CPU time is that of the search's own process, without workers.
- ``worker_...`` are counts of this generation and gauges at its end (`workers.statistics`); absent inline.

Numbers are exact. A figure that is not finite, such as the return of a generation in which all genomes failed, is null.

A process may be killed while it writes, so readers ignore a last line without a line feed. Any other line that is not a
JSON object is damaged, which is an error. Only `MetricsFile.truncate` drops damaged lines too, because they are
computed again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import UserError
from wann.files import write_whole

LOGGER = logging.getLogger(__name__)

METRICS = "metrics.jsonl"
_NEVER_NULL = ("generation", "env_steps", "wall_seconds")
_TAIL_BYTES = 16384  # usually enough to hold the last line
_SHOWN = 60  # characters shown of a damaged line


class MetricsFile:
    """Appends lines, for use by the process that owns the run. Disk failures raise `OSError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one line completely or not at all."""
        line = (json.dumps(_plain(record), allow_nan=False) + "\n").encode()
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        _append_whole(self._descriptor, line)

    def flush(self) -> None:
        """Flush the lines to the disk."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def truncate(self, last_generation: int) -> list[dict[str, Any]]:
        """Keep and return the lines up to ``last_generation``; -1 keeps none. Damaged lines are dropped."""
        self.close()
        data = self.path.read_bytes() if self.path.exists() else b""
        lines = [(line, _of_generation(line)) for line in data.splitlines(keepends=True)]
        kept = [(line, record) for line, record in lines if record and record["generation"] <= last_generation]
        records = [record for _, record in kept if record]
        if records and records[-1]["generation"] < last_generation:
            found = records[-1]["generation"]
            LOGGER.warning("%s: expected lines up to generation %d, found %d", self.path, last_generation, found)
        if len(kept) < len(lines):
            write_whole(self.path, b"".join(line for line, _ in kept))
        return records

    def close(self) -> None:
        """Close the file. Further calls do nothing, and the next line opens the file again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run, or of one restart of a stage; none if there is no file.

    Raises:
        UserError: a line is damaged.
    """
    path = run / METRICS
    lines = _whole(path.read_bytes()) if path.is_file() else []
    return [_record(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def last_metrics(run: Path) -> dict[str, Any] | None:
    """The newest line, read from the end of the file; None if there is none.

    Raises:
        UserError: the line is damaged.
    """
    path = run / METRICS
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        size, span = file.seek(0, os.SEEK_END), _TAIL_BYTES
        while True:
            file.seek(max(0, size - span))
            lines = _whole(file.read(span))
            if len(lines) > 1 or span >= size:  # else the line may begin earlier
                return _record(lines[-1], path) if lines else None
            span *= 2


def read_columns(run: Path, keys: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Values of each key over M generations, [M]; NaN for null.

    Raises:
        UserError: a line is damaged, or lacks a number.
    """
    records = read_metrics(run)
    places = [f"{run / METRICS}:{number}" for number in range(1, len(records) + 1)]
    return {
        key: np.array([_number(record, key, place) for record, place in zip(records, places, strict=True)], np.float64)
        for key in keys
    }


def _whole(data: bytes) -> list[bytes]:
    """Lines that end in a line feed."""
    return data[: data.rfind(b"\n") + 1].splitlines()


def _record(line: bytes, place: str | Path) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise UserError(place=place, expected="a line of JSON", found=repr(line[:_SHOWN])) from None
    if not isinstance(record, dict):
        raise UserError(place=place, expected="an object", found=repr(line[:_SHOWN]))
    return record


def _number(record: Mapping[str, Any], key: str, place: str) -> float:
    value = record.get(key, "nothing")
    if value is None and key not in _NEVER_NULL:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(place=place, key=key, expected="a number", found=str(value)[:_SHOWN])
    return float(value)


def _of_generation(line: bytes) -> dict[str, Any] | None:
    """The record of a complete line, or None."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("generation"), int) else None


def _append_whole(descriptor: int, data: bytes) -> None:
    """Append all of ``data`` or, if the disk refuses, none of it."""
    start = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except OSError:
        with contextlib.suppress(OSError):  # the first error is more informative; resuming drops a torn line too
            os.ftruncate(descriptor, start)
        raise


def _plain(value: Any) -> Any:
    """JSON values from Python and NumPy values; null for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
