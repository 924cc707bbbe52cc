"""TensorBoard events, written at once and without a thread, so that disk errors are raised where they happen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiment.recording.tensorboardx_parts import parts

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
        writer, self._event, self._summary = parts()
        self._writer = writer.EventsWriter(str(directory / "events"))
        self._write(first_step, session_log=self._event.SessionLog(status=self._event.SessionLog.START))
        self._flushed = time.monotonic()

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the scalars of one step. NaN values are left out."""
        summary = self._summary.Summary
        values = [summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items() if value == value]
        self._write(step, summary=summary(value=values))
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._writer.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        self._writer.close()

    def _write(self, step: int, **content: Any) -> None:
        self._writer.write_event(self._event.Event(wall_time=time.time(), step=step, **content))
