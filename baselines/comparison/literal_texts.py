"""Any text within Markdown and pictures."""

from __future__ import annotations

import re

_SHORT = 30  # characters of a label in a picture


def escape(text: str) -> str:
    """Any text for a cell of a Markdown table: on one line, with all markup of Markdown and HTML escaped."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"[&<>]", lambda sign: {"&": "&amp;", "<": "&lt;", ">": "&gt;"}[sign[0]], _marks(shown))


def _marks(text: str) -> str:
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", text)


def short(label: str) -> str:
    """A label for a picture: printable, and not longer than fits."""
    shown = "".join(char if char.isprintable() else " " for char in label)
    return shown if len(shown) <= _SHORT else shown[: _SHORT - 1] + "…"
