"""Files that are written whole: the old bytes or the new ones, and nothing beside them."""

import errno
import os
from pathlib import Path

import pytest

from wann.files import aside, partial_path, replacing, unique_suffix, write_whole


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "file"
    for data in (b"old", b"new"):
        write_whole(path, data)
        assert path.read_bytes() == data
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["replace", "fsync"])
def test_a_failure_leaves_the_old_file_alone(tmp_path, monkeypatch, failing):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, refuse)
        with pytest.raises(OSError, match="Input/output"):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_the_writer_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")

    def write_half(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise ArithmeticError

    with pytest.raises(ArithmeticError), replacing(path, ".partial.gif") as partial:
        write_half(partial)
    assert (partial.parent, partial.name) == (tmp_path, "film.gif.partial.gif")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_rest_of_a_killed_writer_is_replaced(tmp_path):
    path = tmp_path / "file"
    partial_path(path).write_bytes(b"a longer rest of a process that was killed")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_several_writers_have_paths_of_their_own(tmp_path):
    path = tmp_path / "file"
    with aside(path, unique_suffix()) as one, aside(path, unique_suffix()) as other:
        one.write_bytes(b"1")
        other.write_bytes(b"2")
        assert one != other and one.read_bytes() == b"1"
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_missing_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(Path(tmp_path, "none", "file"), b"")
