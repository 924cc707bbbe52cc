"""Texts of champion files in other files: escaped, so that no name ends a line or a string, and all can be encoded."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Sequence

_LONGEST = 40


def printable(text: str) -> str:
    """``text`` with a backslash and everything that does not print as escapes: one line, valid in XML and UTF-8."""
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in text)


def identifiers(names: Sequence[str], kind: str, is_taken: Callable[[str], bool]) -> list[str]:
    """Different identifiers of letters a to z, digits and underscores that resemble ``names``.

    Args:
        names: any texts.
        kind: prefix of an identifier that would otherwise be invalid or taken.
        is_taken: tells if an identifier is used elsewhere.
    """
    found: list[str] = []
    for index, name in enumerate(names):
        plain = re.sub("[^0-9a-z]+", "_", name.lower()).strip("_")[:_LONGEST] or str(index + 1)
        candidate = plain if plain[0].isalpha() and not _is_python(plain) and not is_taken(plain) else f"{kind}_{plain}"
        while candidate in found or is_taken(candidate):
            candidate += f"_{index + 1}"
        found.append(candidate)
    return found


def _is_python(name: str) -> bool:
    return keyword.iskeyword(name) or hasattr(builtins, name)
