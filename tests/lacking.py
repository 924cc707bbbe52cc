"""Tests that need what not every machine has."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """Skip, saying what is missing; under continuous integration, which must have it, fail."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
