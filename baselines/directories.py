"""The directory that a command of this room writes into."""

from __future__ import annotations

from pathlib import Path

from wann.errors import UserError


def make_empty_directory(directory: str | Path) -> Path:
    """Make a directory, which may be there as long as nothing is in it.

    Raises:
        UserError: it cannot be made, or holds files.
    """
    path = Path(directory)
    key = f"--out {directory}"
    try:
        path.mkdir(parents=True, exist_ok=True)
        in_use = any(path.iterdir())
    except OSError as error:
        raise UserError(key=key, expected=f"a directory that can be made ({error.strerror})") from error
    if in_use:
        raise UserError(key=key, expected="a new or empty directory", found="files in it")
    return path
