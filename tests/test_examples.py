"""The examples run as they stand, from a directory of one's own, each within seconds."""

import os
import shutil
import subprocess
import sys

import pytest

from places import ROOT
from wann.champion import load_champion

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "mine")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, f"mine/{example.name}"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for path in tmp_path.glob("runs/*/champion.json"):
        load_champion(path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(example):
    assert len(example.read_text().splitlines()) < 60
