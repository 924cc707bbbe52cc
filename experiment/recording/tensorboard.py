"""TensorBoard events, written at once and without a thread, so that disk errors are raised where they happen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from experiment.recording.event_file import EventFile

FLUSH_SECONDS = 10.0


class Events:
    """One event file of a run.

    Args:
        directory: the log directory of TensorBoard.
        first_step: events of earlier files from this step on are void, because the run was resumed before them.

    Raises:
        OSError: on making or writing the file.
    """

    def __init__(self, directory: Path, first_step: int) -> None:
        self._file = EventFile(directory / "events")
        self._file.start(first_step)
        self._flushed = time.monotonic()

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the scalars of one step. NaN values are left out."""
        self._file.add(step, {tag: value for tag, value in scalars.items() if value == value})
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._file.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        self._file.close()
