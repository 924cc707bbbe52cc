"""Ray's scratch directory: where sockets can be opened, whatever the cache directory is called."""

import os
from pathlib import Path

import pytest

from wann import UserError
from workers.ray.scratch import scratch_directory


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch) -> Path:
    """A system's temporary directory of a short name."""
    directory = Path("/tmp") / f"w{os.getpid()}"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    yield directory / f"wann-{os.getuid()}/ray"
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir()
    directory.rmdir()


def test_the_cache_if_it_fits(temporary: Path, monkeypatch) -> None:
    monkeypatch.setenv("WANN_CACHE_DIR", str(temporary.parents[1]))
    assert scratch_directory() == str(temporary.parents[1] / "ray")


@pytest.mark.parametrize(
    "cache",
    [
        "/tmp/an/accent/\u00e9",
        "/tmp/" + 20 * "\u00e9",  # 25 characters, 45 bytes
        "/tmp/" + 40 * "x",
        "/proc/none",
    ],
)
def test_the_temporary_directory_if_it_does_not(temporary: Path, monkeypatch, cache: str) -> None:
    monkeypatch.setenv("WANN_CACHE_DIR", cache)
    assert scratch_directory() == str(temporary)


def test_neither_is_one_sentence_that_names_the_variable(tmp_path: Path, monkeypatch) -> None:
    long = tmp_path / (60 * "x")
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    monkeypatch.setenv("WANN_CACHE_DIR", "/proc/none")
    with pytest.raises(
        UserError, match=r"^WANN_CACHE_DIR: expected .* of at most 38 ASCII bytes, for Ray's sockets, fo"
    ):
        scratch_directory()
