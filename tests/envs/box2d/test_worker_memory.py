"""The memory of a worker that evaluates walkers or racers; ``make bench`` has 200 generations of each."""

import subprocess
import sys
from pathlib import Path

import pytest

from places import ROOT

pytest.importorskip("Box2D")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["box2d", "car_racing"])
def test_a_workers_memory_does_not_grow(module):
    """256 walkers or racers a generation."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("reads the size of a process as Linux gives it")
    script = (
        f"from benchmarks import {module}; from benchmarks.measuring import print_memory; print_memory({module}, 80)"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    most, growth = map(float, answer.stdout.split())
    assert most < 500
    assert growth < 20
