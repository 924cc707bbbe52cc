"""Links of the pages to files outside docs/, which lead to the source on GitHub's pages, are plain text on the site."""

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
