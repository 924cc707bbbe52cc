"""The end of a search: its last generation, or the first one that meets a condition of the section ``stop``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs import Config

# Keys of ``stop``, and the keys of metrics that they are compared with.
_MEASURED = {"mean_return": "best_mean_return", "best_return": "best_max_return", "seconds": "wall_seconds"}


def end_of(config: Config, generations: int, line: Mapping[str, Any] | None) -> str | None:
    """The reason why a search is over, in words; None while it is not.

    Only the newest generation counts. A search stops at the first one that reaches a limit, and continues from there if
    a resume asks for more.

    Args:
        config: plain.
        generations: number of finished generations.
        line: metrics of the last finished generation; None if there is none, or it is lost.
    """
    if generations >= config.generations:
        return f"all {config.generations} generations are done"
    for key, measured in _MEASURED.items():
        limit, found = getattr(config.stop, key), None if line is None else line.get(measured)
        if limit is not None and found is not None and found >= limit:
            return f"{measured} is {found:.6g}, and stop.{key} is {limit:g}"
    return None
