"""Runs kept at a URL: a run directory in a working copy, with a lease instead of a local lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from configs import Config
from configs.loading import Overrides
from storage.names import CONFIG, refuse_to_overwrite
from storage.remote.lease import DIRECTORY as LEASE
from storage.remote.lease import Lease
from storage.remote.stores import Storage, describe, open_storage
from storage.remote.working_copy import WorkingCopy
from storage.run_directory import RunDirectory
from wann.errors import UserError
from wann.files import PARTIAL

# Replicates, and restarts of stages.
_PART = re.compile(r"(.*?)/(replicate-\d+|stages/[^/]+/restart-\d+)(/|$)")


class RemoteRun(RunDirectory):
    """A run whose files are uploaded to a storage as they are written. It is made by `create_at` or `open_at`."""

    _copy: WorkingCopy | None = None  # set after the run was opened, until it is closed

    @classmethod
    def create_at(cls, url: str, config: Config) -> RemoteRun:
        """Create a run at an empty URL.

        Raises:
            UserError: there is a run already, it is in use, or the storage cannot be written.
        """
        storage = open_storage(url)
        _refuse_to_overwrite(storage)

        def open_here(copy: WorkingCopy) -> RemoteRun:
            _refuse_to_overwrite(storage)  # another process may have created a run first
            return cls.create(copy.path, config, mirror=copy)

        return cls._open(storage, open_here)

    @classmethod
    def open_at(cls, url: str, overrides: Overrides = ()) -> RemoteRun:
        """Open a stopped run, as `RunDirectory.open_existing` does.

        Raises:
            UserError: there is no run, it is in use, the storage cannot be read and written, its config is invalid, or
                an override changes results.
        """
        storage = open_storage(url)
        _refuse_parts(storage)

        def open_here(copy: WorkingCopy) -> RemoteRun:
            copy.fetch()
            return cls.open_existing(copy.path, overrides, mirror=copy)

        return cls._open(storage, open_here)

    @classmethod
    def _open(cls, storage: Storage, open_here: Callable[[WorkingCopy], RemoteRun]) -> RemoteRun:
        with _usable(storage):
            lease = Lease.acquire(storage)
        try:
            with _local():
                copy = WorkingCopy(storage, lease)
        except BaseException:
            lease.stop()
            raise
        try:
            with _usable(storage), _named(copy):
                run = open_here(copy)
        except BaseException:
            copy.abandon()
            raise
        copy.put_seconds = run.config.logging.put_seconds
        run._copy = copy
        return run

    def close(self) -> None:
        """Upload the remaining files and release the lease.

        Raises:
            RunError: the storage fails.
        """
        self._end(failed=False)

    def _end(self, failed: bool) -> None:
        super().close()
        copy, self._copy = self._copy, None
        if copy is not None:
            copy.close(failed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(failed=kind is not None)


def _refuse_to_overwrite(storage: Storage) -> None:
    with _usable(storage):
        names = {Path(name).parts[0] for name in storage.names() if not name.endswith(PARTIAL)}
    refuse_to_overwrite(storage.url, names - {LEASE})


def _refuse_parts(storage: Storage) -> None:
    """Refuse a URL without a run, and that of a replicate or stage, because the lease is for the whole run."""
    with _usable(storage):
        if CONFIG not in storage.names():
            raise UserError(place=storage.url, expected="a run directory to resume", found=f"no {CONFIG} in it")
        part = _PART.match(storage.url)
        if part and open_storage(part[1]).names(LEASE):
            found = f"a part of {part[1]}"
            raise UserError(place=storage.url, expected="a whole run to resume", found=found, resume=part[1])


@contextmanager
def _usable(storage: Storage) -> Iterator[None]:
    """Turn a failure before the search begins into a UserError: the bucket does not exist or is not writable."""
    try:
        yield
    except OSError as error:
        raise UserError(
            place=storage.url, expected="storage that can be read and written", found=f"none: {describe(error)}"
        ) from None


@contextmanager
def _local() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            place=str(error.filename),
            expected="a cache directory for the working copy of the run",
            found=f"none: {describe(error)}",
            remedy="WANN_CACHE_DIR names another",
        ) from None


@contextmanager
def _named(copy: WorkingCopy) -> Iterator[None]:
    """Let errors name the place in the user's terms."""
    try:
        yield
    except UserError as error:
        raise error.at(place=copy.address_of(error.place)) from None
