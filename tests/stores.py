"""Storages for tests: a server of files that renames, and a bucket that refuses or vanishes on demand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

from storage.remote.stores import open_storage


class Shelf(AbstractFileSystem):
    """``shelf:///DIRECTORY``: a local directory, as a server would offer it that knows whole files and renaming."""

    protocol = "shelf"
    root_marker = "/"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + str(path).removeprefix("shelf://").strip("/")

    def ls(self, path: str, detail: bool = True, **_: object) -> list:
        paths = sorted(Path(self._strip_protocol(path)).iterdir())
        return [self.info(str(path)) if detail else str(path) for path in paths]

    def info(self, path: str, **_: object) -> dict[str, Any]:
        stat = os.stat(self._strip_protocol(path))
        kind = "directory" if os.path.isdir(self._strip_protocol(path)) else "file"
        return {"name": self._strip_protocol(path), "size": stat.st_size, "type": kind}

    def _open(self, path: str, mode: str = "rb", **_: object) -> Any:
        return open(path, mode)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        os.makedirs(self._strip_protocol(path), exist_ok=exist_ok)

    def mv(self, path1: str, path2: str, **_: object) -> None:
        os.replace(self._strip_protocol(path1), self._strip_protocol(path2))

    def _rm(self, path: str) -> None:
        os.remove(path)


class Refused(Exception):  # noqa: N818 - clients of stores have errors of their own, which are no OSError
    pass


class Bucket(MemoryFileSystem):
    """``bucket://NAME``: a store in this process, which fails once ``puts_left`` more files were put."""

    protocol = "bucket"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    puts_left: ClassVar[int | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("bucket://").strip("/")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **settings: object) -> None:
        if Bucket.puts_left is not None:
            if Bucket.puts_left <= 0:
                raise Refused("403\nno writes here")
            Bucket.puts_left -= 1
        super().pipe_file(path, value, mode, **settings)


for kind in (Shelf, Bucket):
    fsspec.register_implementation(kind.protocol, kind, clobber=True)


def download(url: str, directory: Path) -> Path:
    """All that a storage holds, as files."""
    shutil.rmtree(directory, ignore_errors=True)
    storage = open_storage(url)
    for name in storage.names():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(storage.read(name))
    return directory
