"""Modules of the user's own, imported by name: from the path of Python, or from the working directory."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from wann.errors import UserError


def import_user_module(name: str, key: str = "") -> ModuleType:
    """Import a module by its dotted name.

    The working directory joins the end of `sys.path`, where it stays: modules that are imported later, and worker
    processes, find their neighbours too. At the end, it hides nothing that is installed.

    Args:
        name: such as ``mazes`` or ``mazes.small``.
        key: of the config, for messages.

    Raises:
        UserError: there is no such module, or it raised.
    """
    if name in sys.modules:
        return sys.modules[name]
    here = os.getcwd()
    # An empty entry means the working directory too, but it does not travel to workers.
    if here not in sys.path:
        sys.path.append(here)
    importlib.invalidate_caches()  # the file may be younger than the last look at its directory
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _not_imported(name, key, here, error) from error


def _not_imported(name: str, key: str, here: str, error: Exception) -> UserError:
    missing = isinstance(error, ModuleNotFoundError) and error.name is not None and f"{name}.".startswith(error.name)
    if missing:
        found = f"no module {error.name!r}"  # type: ignore[attr-defined]
        remedy = f"it is looked for in the working directory, {here}, and on PYTHONPATH"
    else:
        said = " ".join(str(error).split())
        found, remedy = f"{type(error).__name__}: {said}" if said else type(error).__name__, ""
    return UserError(key=key, expected=f"a module {name!r} that can be imported", found=found, remedy=remedy)
