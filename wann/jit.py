"""Compiled kernels: how numba is used here, and where it keeps machine code.

Importing this module imports numba (about half a second), so only modules named ``*kernels.py`` import
it, and those are imported when a kernel is first needed.
"""

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numba.core.config

from wann.cache import cache_directory

# numba makes this module's attributes at run time, which type checkers cannot see.
_numba_config: Any = numba.core.config

_ROOT = Path(__file__).resolve().parent.parent


@cache
def _kernel_cache() -> str | None:
    """A folder named after all kernel sources, or None where nothing can be written.

    numba notices a change in a function's own file but not in the files of functions it calls; the
    folder's name covers those.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for package in ("wann", "evolution", "envs"):
        for path in sorted((_ROOT / package).glob("*kernels.py")):
            digest.update(path.read_bytes())
    directory = cache_directory() / f"kernels-{digest.hexdigest()[:16]}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warnings.warn(f"kernels are compiled anew in each process: {error}", stacklevel=2)
        return None
    return str(directory)


def is_first_use() -> bool:
    """Whether kernels will be compiled now: none of this version are in the cache."""
    directory = _kernel_cache()
    return directory is None or not any(Path(directory).rglob("*.nbc"))


def jit(function: Callable) -> Any:
    """Compile without fast-math, so that results are the same in every lane position and batch.

    No flag here allows reassociation or contraction to fused multiply-add; kernels call no maths
    library. Hence a lane's bits do not depend on the vector width of the machine.
    """
    directory = _kernel_cache()
    before = _numba_config.CACHE_DIR
    _numba_config.CACHE_DIR = directory or before
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=directory is not None)(function)
    finally:
        _numba_config.CACHE_DIR = before
