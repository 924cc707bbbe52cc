"""The cache directory, which is kept between runs."""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from pathlib import Path

from wann.errors import UserError


def cache_directory() -> Path:
    """``WANN_CACHE_DIR``, else ``XDG_CACHE_HOME/wann``, else ``~/.cache/wann``.

    A user without a home directory, or with one that is not writable, gets a private directory below the system's
    temporary one, with a warning.

    Raises:
        UserError: that directory cannot be used either.
    """
    chosen = os.environ.get("WANN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    usual = _usual()
    if usual is not None and can_be_written(usual):
        return usual
    temporary = temporary_directory()
    if temporary is None:
        raise UserError(
            key="WANN_CACHE_DIR",
            expected="a directory that can be written, for compiled kernels and data",
            found=f"none at {usual or 'any home directory'}",
            remedy="set this environment variable to one",
        )
    reason = f"{usual} cannot be written" if usual else "this user has no home directory"
    warnings.warn(f"{reason}: kernels and data are kept in {temporary} (WANN_CACHE_DIR names another)", stacklevel=2)
    return temporary


def temporary_directory() -> Path | None:
    """A directory below the system's temporary one that only this user can write; None if it cannot be made."""
    name = f"wann-{os.getuid()}" if hasattr(os, "getuid") else "wann"
    try:
        directory = Path(tempfile.gettempdir()) / name
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    # Another user may have made the directory first, or a link in its place.
    is_own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return directory if is_own and stat.S_ISDIR(found.st_mode) and can_be_written(directory) else None


def can_be_written(directory: Path) -> bool:
    """True if files can be made in a directory. The directory is made if necessary."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK | os.X_OK)


def _usual() -> Path | None:
    """The usual directory. None without a home directory, that is if ``HOME`` is not set and the system does not list
    the user.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wann"
    except RuntimeError:
        return None
