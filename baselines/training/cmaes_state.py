"""The state of a search of the package cmaes. Only this file uses the package's private names.

pyproject.toml bounds the package's version from above, since these names may change with any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ARRAYS = ("_mean", "_C", "_p_sigma", "_pc", "_funhist_values")
_NUMBERS = ("sigma", "g", "tolx")


def new_search(mean: NDArray[np.float64], sigma: float, population: int, separable: bool) -> Any:
    """A `cmaes.SepCMA`, or a `cmaes.CMA`, that begins at ``mean``; equal arguments give equal searches."""
    from cmaes import CMA, SepCMA

    # The separable kind takes no single parameter.
    kind: Any = SepCMA if separable else CMA
    search = kind(mean.copy(), sigma, seed=0, population_size=population)
    search._funhist_values = np.zeros_like(search._funhist_values)  # left as memory was found, otherwise
    return search


def state_of(search: Any) -> tuple[dict[str, NDArray], dict[str, float]]:
    """Arrays and numbers from which `restore` makes an equal search."""
    arrays = {name: np.asarray(getattr(search, name)) for name in _ARRAYS}
    return arrays, {name: float(getattr(search, f"_{name}")) for name in _NUMBERS}


def restore(search: Any, arrays: Mapping[str, NDArray], numbers: Mapping[str, Any]) -> None:
    """Give a new search of the same kind and size the state of another one."""
    for name in _ARRAYS:
        setattr(search, name, np.array(arrays[name]))
    search._sigma, search._g = float(numbers["sigma"]), int(numbers["g"])
    search._tolx = float(numbers["tolx"])


def covariances_of(search: Any) -> NDArray[np.float64]:
    """[E, E], or [E] of the separable kind; a copy."""
    return search._C.copy()


def set_covariances(search: Any, covariances: NDArray[np.float64]) -> None:
    """``covariances``: as `covariances_of` gives them."""
    search._C = covariances.copy()


def sigma_of(search: Any) -> float:
    """The standard deviation of all parameters, beside their covariances."""
    return float(search._sigma)
