"""The directory for sockets and logs of a Ray that is started here."""

from __future__ import annotations

from pathlib import Path

from wann.cache import cache_directory, can_be_written, temporary_directory
from wann.errors import UserError
from workers.ray.private import SOCKET_BYTES

# The path of a socket has at most 107 bytes.
_LONGEST = 107 - SOCKET_BYTES


def scratch_directory() -> str:
    """A directory below the cache directory. If that is not writable, too long or not ASCII, the temporary directory.

    Raises:
        UserError: neither can be used.
    """
    temporary = temporary_directory()
    parents = [cache_directory().resolve(), *([] if temporary is None else [temporary.resolve()])]
    for parent in parents:
        if _is_fit(parent / "ray"):
            return str(parent / "ray")
    raise UserError(
        key="WANN_CACHE_DIR",
        expected=f"a directory that can be written, of at most {_LONGEST - len('/ray')} ASCII bytes, for Ray's sockets",
        found=" and ".join(map(str, parents)),
        remedy="set this environment variable to one",
    )


def _is_fit(directory: Path) -> bool:
    name = str(directory)
    return name.isascii() and len(name) <= _LONGEST and can_be_written(directory)
