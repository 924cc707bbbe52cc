"""The search: strategies, operators, selection, and the choice of a champion.

It works on arrays and knows no simulator: a search asks for evaluations and is told their results
(`evolution.protocol`). This room imports only `wann` and `configs`, and never ray, gymnasium or torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from evolution.confirmation import confirm as confirm
    from evolution.confirmation import rank_candidates as rank_candidates
    from evolution.protocol import AskTell as AskTell
    from evolution.protocol import Request as Request
    from evolution.protocol import Setting as Setting
    from evolution.protocol import Summary as Summary
    from evolution.registry import STRATEGIES as STRATEGIES
    from evolution.registry import make_search as make_search
    from evolution.shared_weight import best_shared_weight as best_shared_weight

_PLACES = {
    "AskTell": "evolution.protocol",
    "Request": "evolution.protocol",
    "STRATEGIES": "evolution.registry",
    "Setting": "evolution.protocol",
    "Summary": "evolution.protocol",
    "best_shared_weight": "evolution.shared_weight",
    "confirm": "evolution.confirmation",
    "make_search": "evolution.registry",
    "rank_candidates": "evolution.confirmation",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
