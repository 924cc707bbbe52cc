"""Features that only some operating systems have."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from wann.errors import UserError


def file_locks() -> ModuleType:
    """The module fcntl.

    Raises:
        UserError: on systems without it: expected Linux or macOS, found NAME.
    """
    try:
        return import_module("fcntl")
    except ImportError as cause:
        raise UserError(expected="Linux or macOS", found=sys.platform, place="operating system") from cause
