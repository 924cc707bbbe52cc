"""Systems without file locks are refused in one sentence."""

import sys

import pytest

from wann import UserError
from wann.platform import file_locks


def test_locks_are_fcntls() -> None:
    locks = file_locks()
    assert {"flock", "LOCK_EX", "LOCK_NB"} <= set(dir(locks))


def test_a_system_without_them(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UserError, match=r"^operating system: expected Linux or macOS, found win32$"):
        file_locks()
