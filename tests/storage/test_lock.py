"""The lock on a directory, and systems that have none."""

import os
import subprocess
import sys

import pytest

from places import ROOT
from searching import write_config
from storage.lock import LOCK, InUseError, Lock


def test_a_lock_is_taken_once(tmp_path):
    lock = Lock.take(tmp_path)
    with pytest.raises(InUseError) as caught:
        Lock.take(tmp_path)
    assert caught.value.place == str(tmp_path)
    assert caught.value.found.startswith(f"it in use by process {os.getpid()} on ")
    lock.release()
    lock.release()
    Lock.take(tmp_path).release()


def test_only_what_was_left_is_abandoned(tmp_path):
    assert Lock.take_abandoned(tmp_path) is None and not (tmp_path / LOCK).exists()
    owner = Lock.take(tmp_path)
    assert Lock.take_abandoned(tmp_path) is None
    owner.release()
    heir = Lock.take_abandoned(tmp_path)
    assert heir is not None
    with pytest.raises(InUseError):
        Lock.take(tmp_path)
    heir.release()


WITHOUT_FCNTL = """
import sys
sys.modules["fcntl"] = None  # as on Windows
from run_search import main
sys.exit(main())
"""


def test_a_system_without_locks_is_refused_in_one_sentence(tmp_path):
    config, run = write_config(tmp_path / "c.yaml"), tmp_path / "run"
    command = [sys.executable, "-c", WITHOUT_FCNTL, str(config), "--run-dir", str(run)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected Linux or macOS, found " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not run.exists()
