"""The cache directory of users whose home is missing, not theirs, or not writable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from places import ROOT
from wann import UserError
from wann.cache import cache_directory, can_be_written

NO_PASSWD_ENTRY = 54321
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
VARIABLES = ("WANN_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "TMPDIR")


def found(temporary: Path, user: int | None = None, **environment: str) -> tuple[str, str]:
    """The directory, and warnings, of a process with this environment, and of another user's if need be."""
    become = "" if user is None else f"os.setuid({user}); "  # after the imports: their files may be root's alone
    script = f"import os, warnings; from wann.cache import cache_directory; {become}print(cache_directory())"
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.strip(), done.stderr


def test_a_choice_is_taken_as_it_is(tmp_path: Path) -> None:
    assert found(tmp_path, WANN_CACHE_DIR="/proc/none") == ("/proc/none", "")
    assert found(tmp_path, XDG_CACHE_HOME=str(tmp_path / "x")) == (str(tmp_path / "x/wann"), "")
    assert found(tmp_path, HOME=str(tmp_path / "é")) == (str(tmp_path / "é/.cache/wann"), "")


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    directory, warning = found(tmp_path, HOME="/proc")
    assert directory == str(tmp_path / f"wann-{os.getuid()}")
    assert "/proc/.cache/wann cannot be written" in warning and "WANN_CACHE_DIR" in warning
    assert Path(directory).stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="another user's process needs root")
@pytest.mark.parametrize("environment", [{}, {"HOME": "/"}, {"HOME": "/root/.nothing"}])
def test_a_user_that_the_system_does_not_know(tmp_path_factory, environment: dict[str, str]) -> None:
    temporary = Path("/tmp") / f"wann-test-{os.getpid()}"
    temporary.mkdir(mode=0o777)
    temporary.chmod(0o777)
    try:
        directory, warning = found(temporary, NO_PASSWD_ENTRY, **environment)
    finally:
        for path in temporary.iterdir():
            path.rmdir()
        temporary.rmdir()
    assert directory == str(temporary / f"wann-{NO_PASSWD_ENTRY}") and "WANN_CACHE_DIR" in warning


def test_a_directory_of_another_kind_in_the_temporary_one_is_not_trusted(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"wann-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("WANN_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    with pytest.raises(
        UserError, match=r"^WANN_CACHE_DIR: expected a directory that can be written, .*found none at /p"
    ):
        cache_directory()


def test_a_directory_can_be_written_if_it_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert can_be_written(tmp_path / "a/b")
    assert not can_be_written(tmp_path / "file/b")
    assert not can_be_written(Path("/proc/none"))
