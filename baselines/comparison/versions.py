"""Versions of what decides the figures of a comparison."""

from __future__ import annotations

import platform
from importlib.metadata import version

_LIBRARIES = ("numpy", "numba", "scipy", "cmaes", "gymnasium")


def versions() -> dict[str, str]:
    """Package, or Python, to its version."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
