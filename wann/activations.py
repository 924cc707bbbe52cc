"""The ten activation functions: one registry for every backend.

Formulas and codes follow Gaier & Ha 2019 (arXiv 1906.04358) and their research code. Each entry gives
the name that files use, the code that programs carry, and the NumPy function, which is the oracle:
the lane kernels (`wann.kernels.lane_forward`) implement the same formulas and are tested against it by a walk
over this registry.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Elementwise = Callable[[NDArray], NDArray]

# Rounding noise of terms that cancel must not open a step: every backend uses this threshold.
STEP_THRESHOLD = 1e-6
# sin and cos see arguments inside this range only, where float32 still resolves half a period.
PERIODIC_LIMIT = 2.0**22


@dataclass(frozen=True)
class Activation:
    """One activation: ``code`` is stored in programs, ``formula`` is for people and exporters."""

    name: str
    code: int
    formula: str
    function: Elementwise


def _periodic(x: NDArray) -> NDArray:
    """Reduce ``x`` to one period, [-1, 1], of sin(pi x): exact in floating point."""
    x = np.clip(x, -PERIODIC_LIMIT, PERIODIC_LIMIT)
    return x - 2 * np.rint(x / 2)


_ENTRIES = (
    Activation("linear", 1, "x", lambda x: x),
    Activation("step", 2, "1 if x > 0 else 0", lambda x: (x > STEP_THRESHOLD).astype(x.dtype)),
    Activation("sin", 3, "sin(pi*x)", lambda x: np.sin(np.pi * _periodic(x))),
    Activation("gaussian", 4, "exp(-x**2/2)", lambda x: np.exp(-(x * x) / 2)),
    Activation("tanh", 5, "tanh(x)", np.tanh),
    Activation("sigmoid", 6, "(tanh(x/2) + 1)/2", lambda x: (np.tanh(x / 2) + 1) / 2),
    Activation("inverse", 7, "-x", lambda x: -x),
    Activation("abs", 8, "abs(x)", np.abs),
    Activation("relu", 9, "max(0, x)", lambda x: np.maximum(x, 0)),
    Activation("cos", 10, "cos(pi*x)", lambda x: np.cos(np.pi * _periodic(x))),
)

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
ACTIVATION_OF_CODE: dict[int, Activation] = {entry.code: entry for entry in _ENTRIES}
