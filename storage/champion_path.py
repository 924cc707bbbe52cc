"""Finding a champion: a file, or the one in the directory of a finished run."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from storage.names import CHAMPION, CONFIG
from wann.errors import UserError


def find_champion_file(path: str | Path) -> Path:
    """The champion file for a user's path of a file or of a run.

    Raises:
        UserError: the path does not exist (names the nearest), or is a directory without a champion.
    """
    path = Path(path)
    place = str(path) if str(path).isprintable() else ascii(str(path))
    expected = "a champion file or a run directory"
    try:
        if path.is_file():
            return path
        if not path.exists():
            raise UserError(place=place, expected=expected, found=f"nothing{_similar(path)}")
        if not path.is_dir():
            raise UserError(place=place, expected=expected, found="neither")
        if (path / CHAMPION).is_file():
            return path / CHAMPION
        is_run = (path / CONFIG).is_file()
    except OSError as error:  # the name is too long, or permission is missing
        raise UserError(place=place, expected=expected, found=f"a path that cannot be read: {error.strerror}") from None
    if is_run:
        expected, found = "a champion file or the directory of a finished run", f"a run without {CHAMPION}"
        raise UserError(place=place, expected=expected, found=found, resume=path)
    raise UserError(place=place, expected=expected, found=f"a directory without {CHAMPION}")


def _similar(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    near = get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""
