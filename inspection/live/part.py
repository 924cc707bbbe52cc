"""The parts of an interactive widget of a page: its data and its scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LivePart:
    """One widget of the page: ``wann.live[kind](root, data, context)`` in JavaScript builds it."""

    kind: str  # pole, pad, sequence or rollouts
    data: dict[str, Any]  # plain JSON values, all finite
    scripts: tuple[str, ...]  # names of files in inspection/report, in the order to load them
