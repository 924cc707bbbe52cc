"""The libraries of this process that multiply matrices, and their threads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def linear_algebra() -> ThreadpoolController:
    """Found once: looking through what a process has loaded takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
