"""Errors of a run as data, and one sentence of them."""

import errno
import os
import pickle
from pathlib import Path

import pytest

from storage.files import RunError, WriteError, write_atomically

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_says_what_is_saved():
    error = WriteError.of_disk(Path("runs/a/checkpoint"), FULL, run=Path("runs/a"), generation=7)
    assert (error.path, error.cause, error.is_full) == (Path("runs/a/checkpoint"), "No space left on device", True)
    assert (error.run, error.generation, error.is_begun) == (Path("runs/a"), 7, True)
    assert str(error) == (
        "disk full: could not write runs/a/checkpoint (No space left on device); "
        "the run is intact up to generation 7; free space"
    )


@pytest.mark.parametrize(
    ("fields", "saved"),
    [
        ({}, ""),
        ({"run": Path("r")}, "; no checkpoint was finished yet"),
        ({"run": Path("r"), "is_begun": True}, "; what was finished is intact"),
        ({"run": Path("r"), "generation": 0}, "; the run is intact up to generation 0"),
    ],
)
def test_only_what_is_known_is_said(fields, saved):
    error = WriteError.of_disk("f", OSError(errno.EIO, "Input/output error"), **fields)
    assert not error.is_full
    assert str(error) == f"disk error: could not write f (Input/output error){saved}; remove the cause"


def test_a_failure_without_a_file_is_its_cause():
    assert str(RunError(None, "3 of 4 searches failed")) == "3 of 4 searches failed"
    assert str(RunError("s3://bucket/run", "taken over")) == "s3://bucket/run: taken over"


@pytest.mark.parametrize("error", [RunError("p", "c", run=Path("r")), WriteError.of_disk("p", FULL, run=Path("r"))])
def test_fields_are_replaced_and_pickled(error):
    other = error.at(run=Path("whole"), generation=3, is_begun=True, remedy="resume")
    assert type(other) is type(error) and str(other).endswith("intact up to generation 3; resume")
    assert "generation" not in str(error)
    again = pickle.loads(pickle.dumps(other))
    assert type(again) is type(other) and vars(again) == vars(other) and str(again) == str(other)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(WriteError) as caught:
        write_atomically(tmp_path / "none" / "file", b"")
    assert caught.value.path == tmp_path / "none" / "file" and caught.value.run is None
    assert isinstance(caught.value.__cause__, FileNotFoundError)
