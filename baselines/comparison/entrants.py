"""The champions of a comparison, read from their files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from envs.registry import task_of_champion
from envs.task import Task, untouched_of
from storage.champion_path import find_champion_file
from wann.champion import Champion, load_champion
from wann.errors import UserError


@dataclass(frozen=True)
class Entrant:
    """A champion to be compared."""

    label: str  # unique
    file_name: str  # unique, of letters, digits, dots, lines
    path: Path
    digest: str  # SHA-256 of the file
    champion: Champion
    task: Task  # as it is reported


def load_entrants(paths: Sequence[str]) -> list[Entrant]:
    """The champions of files or runs, in the order of ``paths``.

    Raises:
        UserError: a path without a champion, one without connections, or one whose task cannot be had.
    """
    found: list[Entrant] = []
    for given in paths:
        path = find_champion_file(given)
        champion = load_champion(path)
        if not champion.genome.num_enabled:
            raise UserError(place=path, expected="a champion with enabled connections", found="none")
        try:
            task = untouched_of(task_of_champion(champion).reported)
        except UserError as error:
            raise error.at(place=path) from error
        stem = path.stem if path.stem != "champion" else path.resolve().parent.name
        label = _unique(stem, [entrant.label for entrant in found])
        file_name = _unique(re.sub(r"[^A-Za-z0-9._-]", "_", stem)[:80], [entrant.file_name for entrant in found])
        digest = sha256(path.read_bytes()).hexdigest()
        found.append(Entrant(label, file_name, path, digest, champion, task))
    return found


def by_task(entrants: Sequence[Entrant]) -> tuple[tuple[Entrant, ...], ...]:
    """Groups of one task each, with equal options, in the order of their first members."""
    groups: dict[Task, list[Entrant]] = {}
    for entrant in entrants:
        groups.setdefault(entrant.task, []).append(entrant)
    return tuple(map(tuple, groups.values()))


def _unique(name: str, taken: Sequence[str]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
