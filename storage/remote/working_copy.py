"""The local working copy of a run that is kept at a URL.

To all other code it is an ordinary run directory, with appended metrics, renamed checkpoints and event files that stay
open. Its files are uploaded atomically in dependency order, so a driver may die between any two and leave a run that
can be resumed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from uuid import uuid4

from storage.checkpoint import CHECKPOINT, PREVIOUS
from storage.files import RunError, WriteError
from storage.lock import LOCK, Lock
from storage.names import CONFIG, INITIAL
from storage.remote.lease import DIRECTORY as LEASE
from storage.remote.lease import Lease
from storage.remote.stores import Storage, describe
from storage.snapshots import SNAPSHOTS
from wann.cache import cache_directory
from wann.errors import UserError
from wann.files import PARTIAL

LOGGER = logging.getLogger(__name__)

# The order of uploads. A config means that there is a run, so the genomes it starts from are uploaded before it. A
# checkpoint means that the metrics so far are there. Results mean that something is finished, so they come last. All
# other files (metrics, events and snapshots) come between the config and the checkpoint.
_FIRST, _LAST = (INITIAL, CONFIG), (PREVIOUS, CHECKPOINT)
_RESULTS = (".json", ".csv", "survivors")
_Signature = tuple[int, int, int]


class WorkingCopy:
    """A directory of this machine, owned by this process, whose files are uploaded; a `storage.mirror.Mirror`.

    Args:
        storage: of the run; its files are authoritative, not the copy's.
        lease: on the storage.
        put_seconds: minimal time between two uploads of checkpoints. Results are uploaded at once, and all other files
            before them.

    Raises:
        OSError: the directory cannot be made.
    """

    def __init__(self, storage: Storage, lease: Lease, put_seconds: float = 0.0) -> None:
        self.address = storage.url
        self.put_seconds = put_seconds
        self._storage = storage
        self._lease = lease
        self._there: dict[str, _Signature] = {}
        self._last_put = -float("inf")
        self._fails = False
        home = cache_directory() / "runs"
        key = hashlib.sha256(storage.url.encode()).hexdigest()[:12]
        # Displays show the last part of the path.
        self.path = home / f"{key}-{uuid4().hex[:8]}" / (PurePosixPath(storage.url).name or "run")
        self.path.mkdir(parents=True)
        self._lock = Lock.take(self.path.parent)
        _remove_abandoned(home, key)

    def fetch(self) -> None:
        """Download all files of the run.

        Raises:
            OSError: files cannot be read or written.
            UserError: a file has a name that does not belong to a run.
        """
        for name in self._storage.names():
            parts = PurePosixPath(name).parts
            if ".." in parts or PurePosixPath(name).is_absolute():
                raise UserError(place=self.address, expected="the files of a run", found=f"one of the name {name!r}")
            if name.endswith(PARTIAL):
                self._storage.remove(name)
            elif parts[0] != LEASE:
                path = self.path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self._storage.read(name))
                self._there[name] = _signature(path)

    def address_of(self, place: Path | str) -> str:
        """The URL of a file of the run, or of a line in it (``PATH:7``). Any other place is returned unchanged."""
        place, here = str(place), str(self.path)
        inside = place == here or place.startswith((f"{here}/", f"{here}:"))
        return self.address + place.removeprefix(here) if inside else place

    def written(self, path: Path) -> None:
        """Upload new files, unless that can wait.

        Raises:
            RunError: the storage fails, or another process has taken over.
        """
        self._patiently(self._lease.check, self.address)
        can_wait = path.name == CHECKPOINT or path.parent.name == SNAPSHOTS
        if not can_wait or time.monotonic() - self._last_put >= self.put_seconds:
            self.put()

    def put(self) -> None:
        """Upload all new files.

        Raises:
            RunError: the storage fails, or another process has taken over.
        """
        self._patiently(self._lease.renew, self.address)
        for name in self._new():
            # Take the signature before reading, so that data appended in between are uploaded again.
            signature = _signature(self.path / name)
            data = (self.path / name).read_bytes()
            self._patiently(partial(self._storage.write, name, data), f"{self.address}/{name}")
            self._there[name] = signature
        self._last_put = time.monotonic()

    def close(self, failed: bool) -> None:
        """Upload the remaining files, release the lease, and remove the copy unless it has more than the storage.

        Args:
            failed: True if an error ends the run; then no other error is raised.

        Raises:
            RunError: the storage fails, or another process has taken over.
        """
        whole = False
        try:
            if not self._fails:
                self.put()
                whole = True
            self._lease.release()
        except OSError as error:
            LOGGER.warning("%s: the lease could not be released: %s", self.address, describe(error))
        except RunError as error:
            if not failed:
                raise
            LOGGER.warning("%s", error)
        finally:
            self._end(whole)

    def abandon(self) -> None:
        """Release the lease and remove the copy, if opening the run failed."""
        with contextlib.suppress(OSError):
            self._lease.release()
        self._end(remove=True)

    def _end(self, remove: bool) -> None:
        self._lease.stop()
        self._lock.release()
        if remove:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    def _new(self) -> list[str]:
        """Names of files that differ from the storage's or are missing there, in the order of their uploads."""
        paths = (path for path in self.path.rglob("*") if path.is_file())
        names = {path.relative_to(self.path).as_posix(): path for path in paths}
        fresh = [name for name, path in names.items() if _kept(path) and self._there.get(name) != _signature(path)]
        return sorted(fresh, key=lambda name: (_rank(PurePosixPath(name)), name))

    def _patiently(self, action: Callable[[], None], what: str) -> None:
        """Retry for as long as a lease lives, because a short failure of a store should not end a run."""
        end = time.monotonic() + self._lease.life_seconds
        pause = self._lease.life_seconds / 64
        while True:
            try:
                return action()
            except RunError:
                self._fails = True
                raise
            except OSError as error:
                if time.monotonic() + pause > end or isinstance(error, PermissionError | FileNotFoundError):
                    self._fails = True
                    raise self._failure(what, error) from error
            time.sleep(pause)
            pause *= 2

    def _failure(self, what: str, error: OSError) -> RunError:
        return WriteError(
            what,
            describe(error),
            failure="storage failed",
            run=self.path,
            is_begun=True,  # its config exists, since the run was opened
            remedy=f"all of the run is in {self.path}; remove the cause",
        )


def _rank(name: PurePosixPath) -> int:
    if name.name in _FIRST:
        return _FIRST.index(name.name)
    if name.name in _LAST:
        return len(_FIRST) + 1 + _LAST.index(name.name)
    done = name.name.endswith(_RESULTS)
    return len(_FIRST) + 1 + len(_LAST) if done else len(_FIRST)


def _kept(path: Path) -> bool:
    return path.name != LOCK and not path.name.endswith(PARTIAL)


def _signature(path: Path) -> _Signature:
    """A value that changes when a file is appended to or replaced."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _remove_abandoned(home: Path, key: str) -> None:
    """Remove copies of the same run whose processes have ended, because the storage has the run."""
    for directory in home.glob(f"{key}-*"):
        lock = Lock.take_abandoned(directory)
        if lock is not None:
            shutil.rmtree(directory, ignore_errors=True)
            lock.release()
