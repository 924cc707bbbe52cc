"""Versions of Python and of the libraries whose code decides results, for recording in files."""

from __future__ import annotations

import platform
from importlib.metadata import version

SEARCH = ("numpy", "numba", "gymnasium")  # decide the result of a search
COMPARISON = ("numpy", "numba", "scipy", "cmaes", "gymnasium")  # decide the figures of a comparison


def versions_of(libraries: tuple[str, ...]) -> dict[str, str]:
    """Versions of Python and of each installed distribution, by name."""
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}
