"""Reads ``results.json`` of a trained model, for tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wann.errors import UserError


def results_of(directory: Path, kind: str, column: str, command: str) -> dict[str, Any]:
    """What training has written into a directory.

    Args:
        directory: that was named by ``--out``.
        kind: of model, for messages.
        column: that only results of this kind have.
        command: that writes such a directory, for messages.

    Raises:
        UserError: there are no such results.
    """
    path = directory / "results.json"
    remedy = f"give directories that {command} wrote, and whose training ended"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        raise UserError(place=path, expected="the results of a model", found=str(problem), remedy=remedy) from problem
    if not isinstance(found, dict) or column not in found:
        raise UserError(place=path, expected=f"the results of {kind}", found="others", remedy=remedy)
    return found
