"""Turns links to files outside docs/ into plain text on the site. On GitHub's pages they lead to the source."""

import re
from pathlib import Path
from typing import Any

_OUTSIDE = r"(?<!!)\[([^\]]+)\]\({up}\.\./[^)]+\)"
_CHAMPIONS = r"(?<!!)\[([^\]]+)\]\({up}champions(?:/[^)]*)?\)"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page as the site shows it."""
    up = r"\.\./" * len(Path(page.file.src_uri).parent.parts)
    for link in (_OUTSIDE, _CHAMPIONS):
        markdown = re.sub(link.format(up=up), r"\1", markdown)
    return markdown
