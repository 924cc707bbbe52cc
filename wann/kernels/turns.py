"""Processes that need a kernel at the same time take turns: the first compiles it, the others wait and load it.

Without this, sixty-four workers that start together compile every kernel sixty-four times.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from wann.errors import UserError
from wann.kernels.numba_internals import global_compiler_lock
from wann.platform import file_locks

_PATIENCE = 180.0  # seconds; the process that compiles may have been stopped
_PAUSE = 0.05


def compile_in_turn(kernel: Any) -> None:
    """Let one process compile a cached kernel, beside whose machine code a file says who does and that it is there."""
    code = kernel.py_func.__code__
    name = re.sub(r"\W+", ".", f"{Path(code.co_filename).stem}.{code.co_qualname}")
    path = Path(kernel.stats.cache_path) / f"{name}-{code.co_firstlineno}.turn"
    compile_now = kernel.compile

    def compile_in_turn(signature: Any) -> Any:
        # numba's lock on this process's threads comes first. In the other order two threads could wait for each other.
        with global_compiler_lock, turn(path):
            return compile_now(signature)

    kernel.compile = compile_in_turn


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold a file's lock, unless the file says that the work was done. Waits no longer than `_PATIENCE`."""
    file = None if path.exists() and path.stat().st_size else _locked(path)
    try:
        yield
        if file is not None:
            os.pwrite(file, b"compiled\n", 0)
    finally:
        if file is not None:
            os.close(file)


def _locked(path: Path) -> int | None:
    """The open file with its lock, or None if there are no locks, or another process has it for too long."""
    try:
        locks = file_locks()
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except (UserError, OSError):
        return None
    end = monotonic() + _PATIENCE
    while True:
        try:
            locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
            return file
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES) or monotonic() > end:
                os.close(file)
                return None
        sleep(_PAUSE)
