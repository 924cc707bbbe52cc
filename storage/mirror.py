"""Working copies of runs that are kept elsewhere: who must hear of each file that is written below them.

A list of the process, so that whatever writes a file of a run, of a stage or of a replicate need not know where the
run is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Copy(Protocol):
    """A directory whose files are put elsewhere."""

    path: Path
    address: str  # of the run, as a user gives it

    def written(self, path: Path) -> None:
        """A file below `path` is whole and on the disk."""

    def put(self) -> None:
        """Put elsewhere what is not there yet."""


_COPIES: list[Copy] = []


def watch(copy: Copy) -> None:
    """From now on ``copy`` hears of its files."""
    _COPIES.append(copy)


def forget(copy: Copy) -> None:
    """The end of `watch`; further calls do nothing."""
    if copy in _COPIES:
        _COPIES.remove(copy)


def written(path: Path) -> None:
    """Tell of a file that is whole and on the disk.

    Raises:
        RunError: it cannot be put where the run is kept.
    """
    for copy in _of(path):
        copy.written(path)


def put(path: Path) -> None:
    """Put elsewhere what is not there yet of the run that ``path`` belongs to; nothing to do for a local one.

    Raises:
        RunError: that fails.
    """
    for copy in _of(path):
        copy.put()


def address_of(path: Path) -> str:
    """What a user calls ``path``: the URL of a file of a working copy, any other path itself."""
    for copy in _of(path):
        below = path.relative_to(copy.path).as_posix()
        return copy.address if below == "." else f"{copy.address}/{below}"
    return str(path)


def _of(path: Path) -> list[Copy]:
    return [copy for copy in _COPIES if path.is_relative_to(copy.path)]
