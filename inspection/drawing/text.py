"""Texts of champion files in pictures and pages. They are untrusted: they are shown, never interpreted."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from typing import Any

# Controls, characters that turn the direction of writing, halves of pairs, and code points without a character.
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Co")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(text: str, most: int = 2000) -> str:
    """One line of at most ``most`` printable characters. Hidden characters become a visible mark."""
    spaced = text.replace("\n", " ").replace("\t", " ")
    shown = "".join(_REPLACEMENT if unicodedata.category(character) in _HIDDEN else character for character in spaced)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def escaped(text: object, most: int = 2000) -> str:
    """`plain`, for the text or a quoted attribute of HTML and SVG."""
    return html.escape(plain(str(text), most), quote=True)


def plain_values(value: Any) -> Any:
    """JSON values with every text in them, keys too, made `plain`."""
    if isinstance(value, str):
        return plain(value, 200_000)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    return value
