"""Compiled loops over many networks at once. Within `wann`, only this room imports numba.

Results have the same bits on every machine: there is no fast-math and no maths library, and sums have a fixed order
(`wann.kernels.jit`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from wann.kernels.batch_forward import batch_outputs as batch_outputs
    from wann.kernels.jit import is_first_use as is_first_use
    from wann.kernels.lane_forward import activate as activate
    from wann.kernels.lane_forward import forward_individual as forward_individual
    from wann.kernels.lane_forward import forward_shared as forward_shared
    from wann.kernels.wave_forward import wave_outputs as wave_outputs

_PLACES = {
    "activate": "wann.kernels.lane_forward",
    "batch_outputs": "wann.kernels.batch_forward",
    "forward_individual": "wann.kernels.lane_forward",
    "forward_shared": "wann.kernels.lane_forward",
    "is_first_use": "wann.kernels.jit",
    "wave_outputs": "wann.kernels.wave_forward",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
