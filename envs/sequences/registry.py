"""The registry of sequence problems: the place of each, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from envs.sequences.problem import Problem
from wann.errors import UserError, did_you_mean

# Name to the module and class.
PROBLEMS: dict[str, str] = {
    "parity": "envs.sequences.problems.parity:Parity",
    "copy": "envs.sequences.problems.copy_bits:Copy",
    "copy_vectors": "envs.sequences.problems.copy_vectors:CopyVectors",
    "associative_retrieval": "envs.sequences.problems.associative_retrieval:AssociativeRetrieval",
    "counting": "envs.sequences.problems.counting:Counting",
    "delayed_xor": "envs.sequences.problems.delayed_xor:DelayedXor",
    "temporal_order": "envs.sequences.problems.temporal_order:TemporalOrder",
    "digits_rows": "envs.sequences.problems.digit_pictures:DigitsRows",
    "digits_pixels": "envs.sequences.problems.digit_pictures:DigitsPixels",
    "arithmetic": "envs.sequences.problems.arithmetic:Arithmetic",
    "characters": "envs.sequences.problems.characters:Characters",
    "dates": "envs.sequences.problems.dates:Dates",
    "glimpses": "envs.sequences.problems.glimpses:Glimpses",
    "reverse": "envs.sequences.problems.reverse:Reverse",
    "vector_parity": "envs.sequences.problems.vector_parity:VectorParity",
}


def problem_class(name: str, key: str = "problem") -> type[Problem]:
    """The class of a problem by name.

    Args:
        name: in `PROBLEMS`.
        key: of the config or command line that gives the name.

    Raises:
        UserError: there is no such problem.
    """
    if name not in PROBLEMS:
        raise UserError(key=key, expected="a sequence problem", found=f"{name!r}{did_you_mean(name, PROBLEMS)}")
    module, _, kind = PROBLEMS[name].partition(":")
    return getattr(import_module(module), kind)


def make_problem(name: str, **options: Any) -> Problem:
    """A problem by name, with options.

    Raises:
        UserError: there is no such problem, or an option has a wrong value.
        TypeError: an option that the problem does not have.
    """
    return problem_class(name)(**options)
