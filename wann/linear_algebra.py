"""The linear algebra libraries of this process, and their threads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def linear_algebra() -> ThreadpoolController:
    """The controller of their threads. It is made once, because a search for loaded libraries takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
