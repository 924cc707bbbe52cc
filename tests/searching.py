"""Small searches for tests of the whole command."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "generations": 8,
    "task": {"name": "cartpole_swingup", "max_steps": 150},
    "search": {"population": 24, "tournament_size": 4},
    "champion": {"candidates": 4, "selection_episodes": 64, "report_episodes": 5},
    "workers": {"evaluator": "inline"},
}
# Figures of time and of workers are outside the same-bytes promise.
TIMINGS = ("_seconds", "worker_")


def write_config(path: Path, **changes: object) -> Path:
    """The small config with some top-level keys replaced."""
    path.write_text(yaml.safe_dump({**SMALL, **changes}))
    return path


def write_staged_config(path: Path, **changes: object) -> Path:
    """The same for a config with stages, which have ``generations`` of their own."""
    whole = {key: value for key, value in SMALL.items() if key != "generations"}
    path.write_text(yaml.safe_dump({**whole, **changes}))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "run_search.py"), *map(str, arguments)]


def run_command(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=200, env=environment, check=False, **settings
    )


def metrics(run: Path) -> list[dict]:
    """The lines of metrics.jsonl without timings."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if not _is_timing(key)} for line in lines]


def _is_timing(key: str) -> bool:
    return key.endswith(TIMINGS[0]) or key.startswith(TIMINGS[1])


def result(run: Path) -> tuple[bytes, list[dict], dict[str, bytes]]:
    """What must be the same on every machine and after every accident."""
    snapshots = {path.name: path.read_bytes() for path in (run / "snapshots").iterdir()}
    return (run / "champion.json").read_bytes(), metrics(run), snapshots


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
