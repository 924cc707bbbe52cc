"""The top-level packages of this project, and the check that no package of the user hides one of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from wann.errors import UserError

ROOMS = (
    "wann",
    "configs",
    "storage",
    "envs",
    "evolution",
    "workers",
    "experiment",
    "baselines",
    "inspection",
    "encoding",
)
HERE = Path(__file__).resolve().parent.parent


def check_rooms() -> None:
    """Refuse to run if another package has the name of a room, as in a project with its own ``configs``.

    Raises:
        UserError: names both paths.
    """
    for name in ROOMS:
        spec = find_spec(name)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if found is not None and found != HERE / name:
            raise UserError(
                expected=f"the package {name!r} in {HERE}",
                found=f"another of this name in {found.parent}",
                remedy="rename that one, or take it off the path that Python looks for packages on",
            )
