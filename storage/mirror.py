"""The second place of a run's files, for runs that are kept at a URL."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Mirror(Protocol):
    """Uploads the files of a run to the place where it is kept; implemented by `storage.remote.working_copy`.

    A run directory has a mirror and passes it on to the replicates and stages below. So code that writes a file need
    not know where the run is kept.
    """

    def written(self, path: Path) -> None:
        """Note that a file of the run is complete and on the disk.

        Raises:
            RunError: the file cannot be uploaded.
        """

    def put(self) -> None:
        """Upload everything that is not uploaded yet.

        Raises:
            RunError: the upload fails.
        """

    def address_of(self, place: Path | str) -> str:
        """The URL of a file of the run, or of a line in it (``PATH:7``). Any other place is returned unchanged."""
        ...


def address_of(place: Path | str, mirror: Mirror | None) -> str:
    """A place in a run as its user names it, with or without a mirror."""
    return str(place) if mirror is None else mirror.address_of(place)
