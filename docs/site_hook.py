"""Turns links to files outside docs/ into plain text on the site. On GitHub's pages they lead to the source."""

import re
from pathlib import Path
from typing import Any

_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./[^)]+\)")
_CHAMPIONS = re.compile(r"(?<!!)\[([^\]]+)\]\(champions[^)]*\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page as the site shows it."""
    if Path(page.file.src_uri).parent != Path("."):
        return markdown
    return _CHAMPIONS.sub(r"\1", _OUTSIDE.sub(r"\1", markdown))
