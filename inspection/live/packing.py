"""Tables of numbers as text that a page unpacks: 16 bits a number, each column to its own range."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_MOST = 32767


def pack_table(rows: ArrayLike) -> dict[str, Any]:
    """A table [n, columns] of finite numbers; an error is at most 1/65534 of a column's greatest absolute value.

    Returns:
        ``data``: base64 of little-endian int16 row by row; a number is its int16 times its column's ``scales``.
    """
    table = np.asarray(rows, np.float64)
    scales = np.abs(table).max(axis=0, initial=0) / _MOST
    whole = np.rint(table / np.where(scales > 0, scales, 1)).astype("<i2")
    return {
        "data": base64.b64encode(whole.tobytes()).decode("ascii"),
        "columns": table.shape[1],
        "scales": scales.tolist(),
    }
