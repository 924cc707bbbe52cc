"""The registry of operators by name, and the check of their probabilities.

Names are known here without importing numba. The named modules hold the operators themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from wann.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from evolution.mutation.operators.operator import Operator

# Maps a name in the config's ``search.mutation`` to the module of its `OPERATOR`. Draws depend on the order, so append.
OPERATORS: dict[str, str] = {
    "add_connection": "evolution.mutation.operators.add_connection",
    "insert_node": "evolution.mutation.operators.insert_node",
    "enable": "evolution.mutation.operators.enable",
    "change_activation": "evolution.mutation.operators.change_activation",
    "disable": "evolution.mutation.operators.disable",
    "rewire": "evolution.mutation.operators.rewire",
    "add_delayed_connection": "evolution.mutation.operators.add_delayed_connection",
    "change_delay": "evolution.mutation.operators.change_delay",
    "add_plastic_connection": "evolution.mutation.operators.add_plastic_connection",
    "repeat_along_group": "evolution.mutation.operators.repeat_along_group",
    "split_node": "evolution.mutation.operators.split_node",
    "add_difference": "evolution.mutation.operators.add_difference",
}
# Operators that give a network state. Only tasks that keep it take them.
OF_MEMORY = ("add_delayed_connection", "change_delay", "add_plastic_connection", "add_difference")
# The one that needs groups of inputs or outputs, which a task declares.
ALONG_GROUPS = "repeat_along_group"


def code_of(name: str) -> int:
    """The number of an operator in kernels."""
    return list(OPERATORS).index(name)


def load_operators() -> list[Operator]:
    """All operators in the order of their codes. Imports numba."""
    return [import_module(module).OPERATOR for module in OPERATORS.values()]


def check_probabilities(probabilities: Mapping[str, float]) -> None:
    """Refuse unknown operators, and probabilities that do not sum to 1.

    Raises:
        UserError: with the key ``search.mutation``, or the one below it.
    """
    for name in probabilities:
        if name not in OPERATORS:
            found = f"{name!r}{did_you_mean(name, OPERATORS)}"
            raise UserError(key=f"search.mutation.{name}", expected="an operator", found=found)
    total = math.fsum(probabilities.values())
    if abs(total - 1) > 1e-9:
        listed = ", ".join(f"{name} {chance:g}" for name, chance in probabilities.items())
        raise UserError(key="search.mutation", expected="probabilities that sum to 1", found=f"{total:.10g} ({listed})")
