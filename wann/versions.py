"""Versions of Python and of the libraries whose code decides results, as files that users keep record them."""

from __future__ import annotations

import platform
from importlib.metadata import version

SEARCH = ("numpy", "numba", "gymnasium")  # decide the result of a search
COMPARISON = ("numpy", "numba", "scipy", "cmaes", "gymnasium")  # decide the figures of a comparison


def versions_of(libraries: tuple[str, ...]) -> dict[str, str]:
    """Python and each installed distribution, by name, to its version."""
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}
