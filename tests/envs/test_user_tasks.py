"""A task class of one's own, ``module:Class``, wherever a task's name is read."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import compare_baselines
import inspect_champion
import run_search
from envs.registry import make_task, task_class
from envs.task import modules_of
from envs.testing import check_task
from experiment.checking import load_checked
from places import ROOT
from wann import UserError
from wann.champion import load_champion

EXAMPLE = ROOT / "examples" / "own_task.py"
CONFIG = """
task: {name: "own_task:Puck", max_steps: 10}
generations: 2
search: {population: 8}
evaluation: {weights: [-1.0, 1.0], rollouts: 1}
champion: {first_episodes: 2, candidates: 2, selection_episodes: 2, report_episodes: 2}
workers: {evaluator: inline}
logging: {progress: false}
"""
MODULE = """
from dataclasses import dataclass
from own_task import Puck

class Plain: ...

@dataclass(frozen=True)
class Empty:
    name: str = "empty"
    num_inputs: int = 1

@dataclass(frozen=True)
class Picky(Puck):
    sides: int = 1
    def __post_init__(self):
        if self.sides < 1:
            raise ValueError("sides of at\\nleast 1, please")

number = 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working directory with modules of the user's own, which are forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLE, tmp_path)
    (tmp_path / "tasks_of_mine.py").write_text(MODULE)
    (tmp_path / "broken_module.py").write_text("import no_such_package")
    (tmp_path / "leaving_module.py").write_text("raise SystemExit(5)")
    (tmp_path / "c.yaml").write_text(CONFIG)
    for name in ("own_task", "tasks_of_mine", "broken_module", "leaving_module"):
        sys.modules.pop(name, None)
    return tmp_path


def test_the_class_is_found_and_keeps_the_contract(here):
    task = make_task("own_task:Puck", {"max_steps": 12})
    assert type(task) is task_class("own_task:Puck") and task.max_steps == 12
    assert modules_of(task) == ("own_task",)
    check_task(task)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("absent:Puck", {}, "task.name: expected a module 'absent' in the working directory or on PYTHONPATH"),
        (
            "broken_module:Puck",
            {},
            "'broken_module' that can be imported, found ModuleNotFoundError: No module",
        ),
        ("leaving_module:Puck", {}, "'leaving_module' that can be imported, found SystemExit: 5"),
        (
            "own_task:Pack",
            {},
            "expected a class of the module 'own_task', found 'Pack' (did you mean 'Puck'?)",
        ),
        ("tasks_of_mine:number", {}, "expected a class of the module 'tasks_of_mine', found 'number'"),
        ("tasks_of_mine:Plain", {}, "expected tasks_of_mine:Plain to be a frozen dataclass"),
        (
            "tasks_of_mine:Empty",
            {},
            "a class without num_outputs, input_names, output_names, simulated_by, reported",
        ),
        ("__main__:Puck", {}, "expected module:Class, of a module that other processes can import"),
        (":Puck", {}, "task.name: expected module:Class"),
        ("own_task:Puck", {"max_step": 1}, "task.max_step: expected an option of the task 'own_task:Puck'"),
        ("own_task:Puck", {"max_steps": "1"}, "task.max_steps: expected a value of type int, found '1' (str)"),
        (
            "tasks_of_mine:Picky",
            {"sides": 0},
            "task: expected options that tasks_of_mine:Picky accepts, found",
        ),
    ],
)
def test_mistakes_are_one_sentence_with_their_place(here, name, options, message):
    with pytest.raises(UserError) as caught:
        make_task(name, options)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    (here / "c.yaml").write_text(f"task: {json.dumps({'name': name, **options})}\n")
    with pytest.raises(UserError) as caught:
        load_checked(here / "c.yaml")
    assert str(caught.value).startswith(f"{here / 'c.yaml'}:1: task")


@pytest.mark.slow
def test_a_search_its_report_and_its_comparison(here, capsys):
    assert run_search.main(["c.yaml", "--run-dir", "run"]) == 0
    champion = load_champion("run/champion.json")
    assert champion.task == "own_task:Puck" and champion.task_options == {"max_steps": 10}
    assert inspect_champion.main(["run", "--episodes", "2"]) == 0
    assert (here / "run/report/report.html").exists()
    options = ["--episodes", "2", "--steps", "200", "--workers", "0", "--out", "compared"]
    assert compare_baselines.main(["run/champion.json", *options]) == 0
    assert inspect_champion.main(["--import", "x.csv", "--task", "own_task:Pack"]) == 2
    assert "--task: expected a class of the module 'own_task'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        "workers: {evaluator: inline, parallel: 2}\nsweep: {task.max_steps: [5, 10]}\n",
        "workers: {evaluator: ray, num_workers: 2}\n",
    ],
    ids=["children side by side", "Ray"],
)
def test_other_processes_find_the_module(here, changes):
    (here / "c.yaml").write_text(CONFIG.replace("workers: {evaluator: inline}\n", changes))
    command = [sys.executable, str(ROOT / "run_search.py"), "c.yaml", "--run-dir", "run"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.glob("run/**/champion.json"))
