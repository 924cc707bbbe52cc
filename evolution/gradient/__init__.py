"""Gradient-informed search: lineages whose edits are proposed with the help of gradients.

It imports `wann`, `configs`, and the protocol and mutations of `evolution`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from evolution.gradient.growth import Probed as Probed
    from evolution.gradient.growth import Proposals as Proposals
    from evolution.gradient.growth import probed as probed
    from evolution.gradient.lineage import Lineage as Lineage
    from evolution.gradient.search import GradientSearch as GradientSearch

_PLACES = {
    "GradientSearch": "evolution.gradient.search",
    "Lineage": "evolution.gradient.lineage",
    "Probed": "evolution.gradient.growth",
    "Proposals": "evolution.gradient.growth",
    "probed": "evolution.gradient.growth",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
