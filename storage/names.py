"""Names in the directory of a run, and the check for directories in which a run cannot be created."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from storage.checkpoint import CHECKPOINT, PREVIOUS
from storage.lock import LOCK
from storage.metrics import METRICS
from wann.errors import UserError
from wann.files import partial_path

CONFIG, CHAMPION, INITIAL = "config.yaml", "champion.json", "initial"
# A directory with only these was left by a run that died before its config was written.
_LEFTOVERS = {LOCK, INITIAL, *(partial_path(Path(name)).name for name in (CONFIG, INITIAL))}


def refuse_to_overwrite(address: str, names: set[str]) -> None:
    """Refuse to create a run in a directory that has files ``names``.

    Raises:
        UserError: tells if the files are those of a run, and which run can be resumed.
    """
    names = names - _LEFTOVERS
    if names & {CONFIG, CHECKPOINT, PREVIOUS, METRICS}:
        raise UserError(place=address, expected="a new directory", found="a run in it", resume=address)
    if names:
        found = f"other files in it, such as {min(names)!r}"
        raise UserError(place=address, expected="a new directory", found=found)


def similar_run(path: Path) -> str:
    """`` (did you mean 'PATH'?)`` for the run beside ``path`` with the nearest name, if there is one."""
    if path.is_dir() or not path.parent.is_dir():
        return ""
    runs = [entry.name for entry in path.parent.iterdir() if (entry / CONFIG).is_file()]
    near = get_close_matches(path.name, runs, n=1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""
