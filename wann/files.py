"""Atomic writing of files: to a temporary name first, then renamed. Only this module of the project does so.

A name refers to either the old or the new bytes, even after a crash of the process or the machine. Errors are those of
the system (`OSError`); `storage.files` turns them into errors of a run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"  # suffix of files that are being written


def write_whole(path: Path, data: bytes) -> None:
    """Create or replace a file, and flush it to the disk.

    Raises:
        OSError: the disk is full or fails; the old file is intact.
    """
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def replacing(path: Path, suffix: str = PARTIAL) -> Iterator[Path]:
    """A path beside ``path`` to write to. On leaving, the file there is flushed and renamed to ``path``.

    After an error ``path`` is unchanged, and nothing is left beside it.

    Args:
        path: of the file to create or replace; its directory exists.
        suffix: see `aside`.

    Raises:
        OSError: the disk is full or fails.
    """
    with aside(path, suffix) as partial:
        yield partial
        flush(partial)
        os.replace(partial, path)
        flush(path.parent)


@contextlib.contextmanager
def aside(path: Path, suffix: str = PARTIAL) -> Iterator[Path]:
    """A path beside ``path``. A file there is removed on leaving.

    Args:
        path: of the file to create.
        suffix: added to its name. The default suits directories with one writer: the next write replaces the remains of
            a killed process. Several writers each take a `unique_suffix`.
    """
    partial = partial_path(path, suffix)
    try:
        yield partial
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is more informative
            partial.unlink(missing_ok=True)
        raise
    partial.unlink(missing_ok=True)


def partial_path(path: Path, suffix: str = PARTIAL) -> Path:
    """The path that a file has while it is being written."""
    return path.with_name(path.name + suffix)


def unique_suffix() -> str:
    """A suffix that no other writer has, such as ``.1f0c93ab.partial``."""
    return f".{uuid4().hex[:8]}{PARTIAL}"


def flush(path: Path) -> None:
    """Flush a file's bytes, or the names in a directory, to the disk.

    Raises:
        OSError: the disk is full or fails.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
