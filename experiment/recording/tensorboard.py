"""TensorBoard events, written at once and without a thread, so that disk errors are raised where they happen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

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
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        self._writer = EventsWriter(str(directory / "events"))
        start = SessionLog(status=SessionLog.START)
        self._writer.write_event(Event(wall_time=time.time(), step=first_step, session_log=start))
        self._flushed = time.monotonic()

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the scalars of one step. NaN values are left out."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items() if value == value]
        self._writer.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._writer.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        self._writer.close()
