"""Places outside the working directory that a run can be kept in: shared disks and object stores, by URL.

Both kinds write files atomically, so that a name always refers to either the old or the new bytes: a shared disk by
writing to a temporary name and renaming, an object store by its own way of putting objects.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from wann.errors import UserError, did_you_mean
from wann.extras import install
from wann.files import aside, flush, replacing, unique_suffix

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*(://|::)")
# Stores in which putting an object replaces it at once, and renaming is a copy.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "memory"}
# Stores in which fsspec can create an object only if there is none, in one request.
_EXCLUSIVE = {"s3", "s3a", "gs", "gcs", "memory"}


class Storage(Protocol):
    """Files below one URL. Names are relative, with slashes. Every failure raises `OSError`."""

    url: str
    exclusive: bool  # of two simultaneous callers of `create`, one fails

    def names(self, directory: str = "") -> list[str]:
        """All files below a directory, at any depth, sorted; none if there is no directory."""

    def read(self, name: str) -> bytes:
        """The whole file."""

    def write(self, name: str, data: bytes) -> None:
        """Create or replace the file, with the directories that it needs."""

    def create(self, name: str, data: bytes) -> None:
        """Make a file; `FileExistsError` if there is one."""

    def remove(self, name: str) -> None:
        """Remove a file."""


def is_url(place: str) -> bool:
    """True if a user's place is a URL, and not a local path."""
    return _URL.match(place) is not None


def open_storage(url: str) -> Storage:
    """The storage at a URL of any kind that fsspec knows, such as s3://bucket/runs/mine.

    Raises:
        UserError: the kind is unknown, its package is missing, or it refuses the settings.
    """
    url = url.rstrip("/")
    try:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem
    except ImportError:
        raise UserError(
            place=url, expected="the package fsspec for a URL", found="none", remedy=install("fsspec")
        ) from None
    kind = re.split("::|://", url)[0]
    kinds = {*fsspec.available_protocols(), *fsspec.registry}
    if kind not in kinds:
        near = get_close_matches(kind, kinds, n=1)  # the list of all kinds that fsspec knows is too long
        hint = did_you_mean(kind, near) if near else ""
        expected = "a kind of storage that fsspec knows, such as s3"
        raise UserError(place=url, expected=expected, found=f"{kind!r}{hint}")
    try:
        # No cached listings, because other processes write too.
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise UserError(
            place=url, expected=f"the package that {kind}:// needs", found=f"none: {_reason(error)}"
        ) from None
    except Exception as error:
        raise UserError(place=url, expected="a URL of a run", found=f"another: {_reason(error)}") from None
    return DiskStorage(url, Path(root)) if isinstance(files, LocalFileSystem) else ObjectStorage(url, files, root)


def describe(error: OSError) -> str:
    """An error in a few words, without a line break."""
    return error.strerror or _reason(error)


class DiskStorage:
    """A directory, such as one of a shared disk (file://)."""

    exclusive = True

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self._root = root

    def names(self, directory: str = "") -> list[str]:
        found = (self._root / directory).rglob("*")
        return sorted(path.relative_to(self._root).as_posix() for path in found if path.is_file())

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        with replacing(self._ready(name), unique_suffix()) as partial:
            partial.write_bytes(data)

    def create(self, name: str, data: bytes) -> None:
        path = self._ready(name)
        with aside(path, unique_suffix()) as partial:
            partial.write_bytes(data)
            flush(partial)
            os.link(partial, path)  # fails if the name exists, also on network disks
            flush(path.parent)

    def remove(self, name: str) -> None:
        (self._root / name).unlink()

    def _ready(self, name: str) -> Path:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class ObjectStorage:
    """Any filesystem of fsspec: object stores and file servers."""

    def __init__(self, url: str, files: Any, root: str) -> None:
        self.url = url
        self._files = files
        self._root = root.rstrip("/")
        kinds = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
        self.exclusive = bool(kinds & _EXCLUSIVE)
        self._moves = not kinds & _OBJECT_STORES and _can_rename(files)
        # Clients of object stores may be shared by threads, but those of file servers possibly not.
        self._turn: Any = contextlib.nullcontext() if kinds & _OBJECT_STORES else threading.RLock()

    def names(self, directory: str = "") -> list[str]:
        start = f"{self._root}/{directory}".rstrip("/")
        with self._errors():
            self._files.invalidate_cache()
            try:
                found = self._files.find(start)
            except FileNotFoundError:
                return []
        return sorted(name for path in found if (name := self._relative(path)))

    def read(self, name: str) -> bytes:
        with self._errors():
            return self._files.cat_file(self._absolute(name))

    def write(self, name: str, data: bytes) -> None:
        with self._errors():
            path = self._ready(name)
            if not self._moves:
                self._files.pipe_file(path, data)
                return
            partial = self._absolute(name + unique_suffix())
            try:
                self._files.pipe_file(partial, data)
                self._files.mv(partial, path)
            except BaseException:
                with contextlib.suppress(Exception):  # the first error is more informative
                    self._files.rm_file(partial)
                raise

    def create(self, name: str, data: bytes) -> None:
        with self._errors():
            path = self._ready(name)
            try:
                self._files.pipe_file(path, data, mode="create")
            except TypeError:  # the client does not know the mode
                if self._files.exists(path):
                    raise FileExistsError(f"{path} exists") from None
                self._files.pipe_file(path, data)

    def remove(self, name: str) -> None:
        with self._errors():
            self._files.rm_file(self._absolute(name))

    def _absolute(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _relative(self, path: str) -> str | None:
        """The relative name; None for a file outside the root. Some stores list those, such as one with its name."""
        path, root = path.lstrip("/"), self._root.lstrip("/")
        return path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else None

    def _ready(self, name: str) -> str:
        path = self._absolute(name)
        if self._moves:  # other stores have no directories
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        return path

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the clients' own exceptions for refusals and lost connections into `OSError`."""
        with self._turn:
            try:
                yield
            except OSError:
                raise
            except Exception as error:
                raise OSError(_reason(error)) from error


def _can_rename(files: Any) -> bool:
    """True if the server itself can move files, instead of a copy and a removal."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    return type(files).mv not in (AbstractFileSystem.mv, AsyncFileSystem.mv)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
