"""Mutation: the operators that make a child differ from its parent, and safe mutation, which chooses among children.

It imports `wann`, `configs` and the protocol of searches. Only its kernels and operators import numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from evolution.mutation.apply import draw_operators as draw_operators
    from evolution.mutation.apply import mutate as mutate
    from evolution.mutation.apply import mutate_genome as mutate_genome
    from evolution.mutation.apply import palette_of as palette_of
    from evolution.mutation.apply import prune as prune
    from evolution.mutation.mirroring import amplified as amplified
    from evolution.mutation.mirroring import mirrored as mirrored
    from evolution.mutation.registry import OPERATORS as OPERATORS
    from evolution.mutation.registry import check_probabilities as check_probabilities
    from evolution.mutation.safe import SafeMutation as SafeMutation

_PLACES = {
    "OPERATORS": "evolution.mutation.registry",
    "SafeMutation": "evolution.mutation.safe",
    "amplified": "evolution.mutation.mirroring",
    "check_probabilities": "evolution.mutation.registry",
    "draw_operators": "evolution.mutation.apply",
    "mirrored": "evolution.mutation.mirroring",
    "mutate": "evolution.mutation.apply",
    "mutate_genome": "evolution.mutation.apply",
    "palette_of": "evolution.mutation.apply",
    "prune": "evolution.mutation.apply",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
