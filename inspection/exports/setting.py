"""The weights that an exported network computes with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# [] one weight shared by all connections, or [E] one for each enabled connection of the genome.
Setting = NDArray[np.float64]


def is_shared(setting: Setting) -> bool:
    return setting.ndim == 0


def by_connection(setting: Setting, num_enabled: int) -> NDArray[np.float64]:
    """The weights by connection, [E], for shared and individual settings."""
    return np.broadcast_to(setting, (num_enabled,))
