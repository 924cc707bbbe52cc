"""The lock on a directory of this machine: one process at a time."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Self

from wann.errors import UserError
from wann.platform import file_locks

LOCK = "lock"


class InUseError(UserError):
    """Another process owns a run."""


class Lock:
    """A lock that is held from `take` to `release`, or until its process ends in any way.

    The file is never removed, because two processes could then lock two files of the same name.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Lock a directory, and write this process into the lock file.

        Raises:
            OSError: the file cannot be made or written.
            UserError: another process holds it, or the system has no locks.
        """
        return cls._take(directory, os.O_RDWR | os.O_CREAT)

    @classmethod
    def take_abandoned(cls, directory: Path) -> Self | None:
        """Take the lock of a directory whose process has ended. Returns None if it is alive, or there is no lock.

        Raises:
            UserError: the system has no locks.
        """
        try:
            return cls._take(directory, os.O_RDWR)
        except (OSError, InUseError):  # without a lock file, the directory is just being made or removed
            return None

    @classmethod
    def _take(cls, directory: Path, flags: int) -> Self:
        locks = file_locks()
        descriptor = os.open(directory / LOCK, flags, 0o666)
        try:
            locks.flock(descriptor, locks.LOCK_EX | locks.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        except BlockingIOError:
            owner = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise InUseError(
                place=directory, expected="a run that nothing is using", found=f"it in use by {owner}"
            ) from None
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Release the lock. Further calls do nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
