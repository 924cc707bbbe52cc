"""Files that are written whole: aside first, then renamed. The one place of the project that does so.

Whatever happens to the process or the machine, a name stands for the old or the new bytes. Errors are the system's
own (`OSError`); `storage.files` turns them into those of a run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"  # ends the names of files that are being written


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file or make it, flushed to the disk.

    Raises:
        OSError: the disk is full or fails; the old file is intact.
    """
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def replacing(path: Path, suffix: str = PARTIAL) -> Iterator[Path]:
    """A path beside ``path`` to write to; on leaving, what stands there is flushed and takes the name ``path``.

    After an error ``path`` is as it was, and nothing is left beside it.

    Args:
        path: of the file to be made or replaced; its directory exists.
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
    """A path beside ``path`` that is removed on leaving, should anything stand there.

    Args:
        path: of the file that is to be made.
        suffix: added to its name. The usual one suits directories with one writer: the next write replaces what a
            killed process left. Several writers each take a `unique_suffix`.
    """
    partial = partial_path(path, suffix)
    try:
        yield partial
    except BaseException:
        with contextlib.suppress(OSError):  # the first error tells more
            partial.unlink(missing_ok=True)
        raise
    partial.unlink(missing_ok=True)


def partial_path(path: Path, suffix: str = PARTIAL) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(path.name + suffix)


def unique_suffix() -> str:
    """A suffix that no other writer takes, such as ``.1f0c93ab.partial``."""
    return f".{uuid4().hex[:8]}{PARTIAL}"


def flush(path: Path) -> None:
    """Bring a file's bytes, or the names in a directory, to the disk.

    Raises:
        OSError: the disk is full or fails.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
