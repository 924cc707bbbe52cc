"""Children side by side: each is a process with its share of the workers, and its log is in its own directory.

The parent evaluates nothing. It starts Ray, or joins the cluster that the config names, and the children join the same.
A child saves and stops when its standard input ends. This happens when its parent is asked to stop or dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console

from configs import Config
from experiment.build import Share
from experiment.replicates.children import Child, OnFinished, open_child, tell_failure
from experiment.replicates.overview import Overview
from experiment.terminal.command_line import DONE, INTERRUPTED, StopRequest
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.errors import UserError

LOG = "log.txt"
_COMMAND = Path(__file__).resolve().parents[2] / "run_search.py"
_LOOK_SECONDS = 0.1
# Time between the final interrupt of a child and its kill (s).
_LAST_SECONDS = 10.0


def run_side_by_side(
    parent: RunDirectory, children: Sequence[Child], on_finished: OnFinished, console: Console, stop: StopRequest
) -> dict[str, Exception] | None:
    """Run the children, ``workers.parallel`` at a time. A failing child does not affect the others.

    Returns:
        The failures by name, or None if stopped.
    """
    config = parent.config
    failures: dict[str, Exception] = {}
    waiting, running = deque(children), list[_Process]()
    cluster, overview = _cluster(config), Overview(console, len(children), config.logging.progress)

    def failed(child: Child, error: Exception) -> None:
        failures[child.name] = error
        tell_failure(console, child, str(error))
        overview.gone(child)

    with cluster as (address, environment), overview:
        share = Share(min(config.workers.parallel, len(children)), address)
        try:
            while running or (waiting and not stop.requested):
                while waiting and len(running) < share.parallel and not stop.requested:
                    child = waiting.popleft()
                    overview.began(child)
                    try:
                        running.append(_Process(parent, child, share, environment))
                    except (UserError, RunError) as error:
                        failed(child, error)
                for process in [process for process in running if process.has_ended]:
                    running.remove(process)
                    champion = process.child.finished() if process.status == DONE else None
                    if champion is not None:
                        on_finished(process.child, champion)
                        overview.finished(process.child, champion)
                    elif not (stop.requested and process.status == INTERRUPTED):
                        failed(process.child, RunError(None, process.last_words()))
                if stop.requested:
                    for process in running:
                        process.ask_to_stop()
                overview.update()
                time.sleep(_LOOK_SECONDS)
        finally:
            for process in running:
                process.end()
    return None if stop.requested else failures


class _Process:
    """The process of one child."""

    def __init__(self, parent: RunDirectory, child: Child, share: Share, environment: Mapping[str, str]) -> None:
        self.child = child
        open_child(parent, child.path, child.config).close()
        self._log_path = child.path / LOG
        arguments = [sys.executable, str(_COMMAND), "--resume", str(child.path), "--share", str(share)]
        with open(self._log_path, "ab") as log:
            self._start = log.tell()
            self._popen = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment, "COLUMNS": "120"},
                # Ctrl-C goes to the parent only, which asks its children to stop. A further signal would end them
                # unsaved.
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    @property
    def status(self) -> int:
        return self._popen.returncode

    def ask_to_stop(self) -> None:
        """Ask the child to stop after its generation. Further calls change nothing."""
        pipe: IO[bytes] | None = self._popen.stdin
        assert pipe is not None
        pipe.close()

    def end(self) -> None:
        """End the child at once."""
        self.ask_to_stop()
        if not self.has_ended:
            self._popen.send_signal(signal.SIGINT)
            try:
                self._popen.wait(_LAST_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()

    def last_words(self) -> str:
        """The child's last sentence, or its signal or status; and the place of its log."""
        with open(self._log_path, "rb") as log:
            log.seek(self._start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        said = lines[-1] if lines else f"exit status {self.status}"
        ended = f"it was ended by signal {-self.status}" if self.status < 0 else said
        return f"{ended} (see {self._log_path})"


@contextmanager
def _cluster(config: Config) -> Iterator[tuple[str | None, dict[str, str]]]:
    """The Ray that children share, started here if the config names none. Yields its address, None without Ray, and the
    environment variables for joining it.
    """
    if config.workers.evaluator != "ray":
        yield None, {}
        return
    from workers.ray.cluster import connect, for_other_drivers

    session = connect(config.workers.num_workers, config.workers.address)
    try:
        yield for_other_drivers(session)
    finally:
        session.close()
