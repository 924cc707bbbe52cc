"""Small searches for tests of the whole command."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.chaos.cluster import ROOT, command
from tests.chaos.outcome import metrics
from tests.chaos.outcome import outcome as result

__all__ = ["ROOT", "command", "metrics", "result"]

SMALL = {
    "generations": 8,
    "task": {"name": "cartpole_swingup", "max_steps": 150},
    "search": {"population": 24, "tournament_size": 4},
    "champion": {"candidates": 4, "selection_episodes": 64, "report_episodes": 5},
    "workers": {"evaluator": "inline"},
    "logging": {"checkpoint_seconds": 0},  # so that a run can be killed at any generation, and goes on from there
}


def write_config(path: Path, **changes: object) -> Path:
    """The small config with some top-level keys replaced."""
    path.write_text(yaml.safe_dump({**SMALL, **changes}))
    return path


def write_staged_config(path: Path, **changes: object) -> Path:
    """The same for a config with stages, which have ``generations`` of their own."""
    whole = {key: value for key, value in SMALL.items() if key != "generations"}
    path.write_text(yaml.safe_dump({**whole, **changes}))
    return path


def run_command(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=200, env=environment, check=False, **settings
    )


def staged_result(run: Path) -> dict[str, object]:
    """The same of a run with stages."""
    found: dict[str, object] = {name: (run / name).read_bytes() for name in ("champion.json", "stages.csv")}
    for lines in sorted(run.glob("stages/*/*/metrics.jsonl")):
        child = str(lines.parent.relative_to(run))
        found[child] = metrics(lines.parent), (lines.parent / "survivors").read_bytes()
    return found


def wait_for(condition: Callable[[], bool], process: subprocess.Popen, seconds: float = 120.0) -> None:
    """Until a run that goes on has come so far."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended early"
        assert time.monotonic() < deadline, "the run did not get there"
        time.sleep(0.0005)
