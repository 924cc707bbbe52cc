"""The user's own modules, found in the working directory or on PYTHONPATH."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType

from wann.errors import UserError


def import_user_module(name: str, key: str) -> ModuleType:
    """Import a module by its dotted name. The working directory is searched too.

    Args:
        name: of the module.
        key: key of the config, or option of the command line, that names it.

    Raises:
        UserError: the module does not exist or cannot be imported.
    """
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UserError(
                key=key,
                expected=f"a module {name!r} in the working directory or on PYTHONPATH",
                found=f"none (the working directory is {here})",
            ) from None
        raise _not_importable(name, key, error) from error
    except (Exception, SystemExit) as error:
        raise _not_importable(name, key, error) from error


def _not_importable(name: str, key: str, error: BaseException) -> UserError:
    said = " ".join(str(error).split())
    return UserError(
        key=key, expected=f"a module {name!r} that can be imported", found=f"{type(error).__name__}: {said}"
    )
