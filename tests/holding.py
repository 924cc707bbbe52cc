"""Workers that are held at work, so that a signal meets them there however fast or busy the machine is."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

# A worker that is asked for and never comes would leave its test waiting.
_SECONDS = 120.0


@dataclass(frozen=True)
class Hold:
    """Holds one process at work for each `ask`.

    The next process that calls `keeps` takes the request, by renaming its file to its own process id.

    Args:
        directory: an empty one, that driver and workers share.
    """

    directory: Path

    @property
    def _wanted(self) -> Path:
        return self.directory / "wanted"

    def keeps(self, seeds: ArrayLike) -> bool:
        """Of a worker: True while it is to stay at work, which is on ``seeds``."""
        if not np.any(seeds):  # A worker that starts tries its task on seed 0. Its death then is none at work.
            return False
        mine = self.directory / str(os.getpid())
        if not mine.exists():
            with suppress(FileNotFoundError):
                self._wanted.rename(mine)
        return mine.exists()

    def ask(self) -> None:
        """Hold the next process that works. Called before the work is sent, so that it surely meets one."""
        self._wanted.touch()

    def caught(self) -> int:
        """The id of the process that took the request, once it has."""
        deadline = time.monotonic() + _SECONDS
        while not (found := [path.name for path in self.directory.iterdir() if path.name.isdigit()]):
            assert time.monotonic() < deadline, "no worker was held"
            time.sleep(0.002)
        pid = int(found[0])
        assert pid != os.getpid(), "the work was done in the driver's process"
        return pid

    def release(self, pid: int) -> None:
        """Let a process go on."""
        (self.directory / str(pid)).unlink()

    def kill(self, count: int = 1) -> set[int]:
        """Kill the process that took the request, and ``count`` - 1 that take further ones; return their ids."""
        killed = set()
        for further in reversed(range(count)):
            pid = self.caught()
            if further:  # Before its work is sent again, which will be held too.
                self.ask()
            kill(pid)
            self.release(pid)
            killed.add(pid)
        return killed


def kill(pid: int) -> None:
    """Kill a process, and wait until it has ended: a signal may take a while, in which it would go on."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _SECONDS
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.002)


def is_alive(pid: int) -> bool:
    """True unless a process has ended, whether or not its parent has noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
