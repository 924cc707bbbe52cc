"""Where a champion is: in a file, or in the directory of a finished run."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from storage.run_directory import CHAMPION, CONFIG
from wann.errors import UserError


def find_champion_file(path: str | Path) -> Path:
    """The champion file that a person means by a file's or a run's path.

    Raises:
        UserError: nothing is there (names the nearest), or a directory without a champion.
    """
    path = Path(path)
    named = str(path) if str(path).isprintable() else ascii(str(path))
    expected = f"{named}: expected a champion file or a run directory"
    try:
        if path.is_file():
            return path
        if not path.exists():
            raise UserError(f"{expected}, found nothing{_similar(path)}")
        if not path.is_dir():
            raise UserError(f"{expected}, found neither")
        if (path / CHAMPION).is_file():
            return path / CHAMPION
        is_run = (path / CONFIG).is_file()
    except OSError as error:  # too long a name, no permission
        raise UserError(f"{expected}, found: {error.strerror}") from None
    if is_run:
        raise UserError(f"{expected} that is finished, found no {CHAMPION} in it; run_search.py --resume {named}")
    raise UserError(f"{expected}, found a directory without {CHAMPION}")


def _similar(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    near = get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""
