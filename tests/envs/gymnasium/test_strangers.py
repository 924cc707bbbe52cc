"""Environments of strangers from YAML alone, from the search to the report, in a working directory of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium
import pytest

ROOT = Path(__file__).parents[3]
CONFIG = """
generations: 3
task: {{name: gymnasium, {task}}}
search: {{population: 8}}
evaluation: {{weights: [-1.0, 1.0], rollouts: 2}}
champion: {{first_episodes: 4, candidates: 4, selection_episodes: 8, report_episodes: 8}}
workers: {{evaluator: {evaluator}, num_workers: 2}}
logging: {{progress: false}}
"""
# Gymnasium 1.4 has the fourth version alone.
TAXI = "Taxi-v4" if "Taxi-v4" in gymnasium.registry else "Taxi-v3"
# The task in YAML, the evaluator, and whether it gives pictures.
STRANGERS = {
    "module": ("id: 'strangers:Corridor-v0', kwargs: {length: 5}", "ray", True),
    "discrete": (f"id: {TAXI}, flatten: true, max_steps: 30", "inline", True),
    "dict": ("id: 'strangers:Keys-v0', flatten: true", "inline", False),
    "image": ("id: 'strangers:Grid-v0', flatten: true", "inline", True),
    "multi_discrete": ("id: 'strangers:Dials-v0'", "inline", False),
    "longer": ("id: 'strangers:Lantern-v0', max_steps: 25", "inline", False),
}
SLOW = pytest.mark.slow


def run(place: Path, command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command of the project, run as somebody does who stands in ``place``, without a display."""
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "PYTHONPATH")}
    words = [sys.executable, str(ROOT / command), *map(str, arguments)]
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=300)


def assert_done(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@SLOW
@pytest.mark.parametrize("name", STRANGERS)
def test_from_search_to_report(name, tmp_path):
    task, evaluator, draws = STRANGERS[name]
    if name == "discrete":
        pytest.importorskip("pygame")
    place = tmp_path / "working directory"
    place.mkdir()
    shutil.copy(Path(__file__).with_name("strangers.py"), place)
    (place / "own.yaml").write_text(CONFIG.format(task=task, evaluator=evaluator))

    # Five hundred inputs with all their connections would mostly be drawn.
    sparse = ("--set", "search.initial_connectivity=0.1") if name == "discrete" else ()
    assert_done(run(place, "run_search.py", "own.yaml", "--run-dir", "mine", *sparse))
    champion = (place / "mine" / "champion.json").read_bytes()
    returns = json.loads(champion)["returns"]
    assert "falls" not in returns["best_shared_weight"], "nobody counts falls here"

    assert_done(run(place, "run_search.py", "--resume", "mine"))
    assert (place / "mine" / "champion.json").read_bytes() == champion

    inspected = run(place, "inspect_champion.py", "mine", "--episodes", "2")
    assert_done(inspected)
    (report,) = (place / "mine").rglob("*.html")
    text = report.read_text()
    assert "<svg" in text, "the network is drawn in any case"
    assert bool(re.search("No pictures: its? ", text)) == (not draws)


@SLOW
def test_the_longer_limit_is_the_champions(tmp_path):
    """A lantern that is always lit earns as much as there are steps: 25, not its own 10."""
    shutil.copy(Path(__file__).with_name("strangers.py"), tmp_path)
    (tmp_path / "own.yaml").write_text(CONFIG.format(task=STRANGERS["longer"][0], evaluator="inline"))
    assert_done(run(tmp_path, "run_search.py", "own.yaml", "--run-dir", "mine", "--set", "generations=12"))
    returns = json.loads((tmp_path / "mine" / "champion.json").read_bytes())["returns"]
    assert 10 < returns["best_shared_weight"]["mean"] <= 25


@SLOW
def test_a_failing_episode_stops_the_search_or_is_counted(tmp_path):
    (tmp_path / "brittle.py").write_text(BRITTLE)
    (tmp_path / "own.yaml").write_text(CONFIG.format(task="id: 'brittle:Brittle-v0'", evaluator="inline"))
    stopped = run(tmp_path, "run_search.py", "own.yaml", "--run-dir", "mine")
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    assert "brittle:Brittle-v0 raised ValueError" in stopped.stderr

    # On workers, whose failures reach the driver's log.
    changes = ("--set", "task.on_error=fail", "--set", "workers.evaluator=ray")
    went_on = run(tmp_path, "run_search.py", "--resume", "mine", *changes)
    assert_done(went_on)
    named = re.findall("brittle:Brittle-v0: step.. raised ValueError: too far", went_on.stderr + went_on.stdout)
    assert 1 <= len(named) <= 2, "each kind is named once by each evaluator"
    lines = [json.loads(line) for line in (tmp_path / "mine" / "metrics.jsonl").read_text().splitlines()]
    assert sum(line.get("worker_failed_episodes", 0) for line in lines) > 0
    assert sum(line["num_failed"] for line in lines) > 0


BRITTLE = """
import gymnasium
import numpy as np

class Brittle(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.array([0.5, 1.0], np.float32), {}

    def step(self, action):
        self.steps += 1
        if action[0] > 0.9:
            raise ValueError("too far")
        return np.array([0.5, 1.0], np.float32), float(action[0]), self.steps > 4, False, {}

gymnasium.register("Brittle-v0", Brittle, max_episode_steps=30)
"""


def examples() -> dict[str, str]:
    """Contents of the files that docs/environments.md shows, by name: their first line is a comment with it."""
    blocks = re.findall(
        r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```$", (ROOT / "docs/environments.md").read_text(), re.M | re.S
    )
    return dict(blocks)


@SLOW
def test_the_example_of_the_docs(tmp_path):
    files = examples()
    assert {"rooms.py", "rooms.yaml"} <= files.keys()
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert_done(run(tmp_path, "run_search.py", "rooms.yaml", "--run-dir", "runs/rooms", "--set", "generations=2"))
    assert (tmp_path / "runs/rooms/champion.json").is_file()


def test_the_docs_name_every_option():
    from dataclasses import fields

    from envs.gymnasium.task import GymnasiumTask

    text = (ROOT / "docs/environments.md").read_text()
    for option in fields(GymnasiumTask):
        assert f"`{option.name}`" in text
