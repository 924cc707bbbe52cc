"""The second place of a run's files, where the run is kept at a URL."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Mirror(Protocol):
    """Puts the files of a run to where it is kept; `storage.remote.working_copy` is one.

    A run's directory holds its mirror and hands it to the replicates and stages below, so that whoever writes a file
    need not know where the run is kept.
    """

    def written(self, path: Path) -> None:
        """Take note of a file of the run that is whole and on the disk.

        Raises:
            RunError: it cannot be put where the run is kept.
        """

    def put(self) -> None:
        """Put everything that is not there yet.

        Raises:
            RunError: that fails.
        """

    def address_of(self, place: Path | str) -> str:
        """The URL of a file of the run, or of a line in it (``PATH:7``); any other place unchanged."""
        ...


def address_of(place: Path | str, mirror: Mirror | None) -> str:
    """A place in a run as its user names it, whether the run has a mirror or not."""
    return str(place) if mirror is None else mirror.address_of(place)
