"""A whole search by one call: what it takes, gives, leaves behind and raises."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import experiment
from configs import from_mapping
from envs.cartpole.task import CartPoleSwingUp
from run_search import main
from searching import SMALL, metrics, result, write_config
from wann.champion import load_champion
from wann.errors import UserError

SHORT = {**SMALL, "generations": 3}


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_config(tmp_path_factory.mktemp("config") / "small.yaml", generations=3)


@pytest.fixture(scope="module")
def expected(config, tmp_path_factory) -> Path:
    """The run of the command."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    return run


@pytest.mark.parametrize("kind", ["path", "text", "mapping", "config"])
def test_it_is_the_search_of_the_command(kind, config, expected, tmp_path, capsys):
    given = {"path": config, "text": str(config), "mapping": SHORT, "config": from_mapping(SHORT)}[kind]
    champion = experiment.search(given, run_dir=tmp_path / "run")
    assert champion == load_champion(expected / "champion.json")
    assert result(tmp_path / "run") == result(expected)
    assert capsys.readouterr() == ("", "")


def test_overrides_are_laid_over_the_config(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    champion = experiment.search(
        config, generations=1, search={"population": 12}, task={"max_steps": 99}, **{"evaluation.rollouts": 1}
    )
    assert champion.config["search"]["population"] == 12
    assert champion.config["search"]["tournament_size"] == 4
    assert champion.config["task"] == {"name": "cartpole_swingup", "max_steps": 99}
    assert champion.config["evaluation"]["rollouts"] == 1
    assert len(metrics(tmp_path / "runs" / "small-1")) == 1


def test_it_goes_on_with_a_run(config, expected, tmp_path):
    run = tmp_path / "run"
    experiment.search(config, run_dir=run, generations=2)
    assert experiment.search(resume=run, generations=3) == load_champion(expected / "champion.json")
    assert result(run) == result(expected)


@pytest.mark.parametrize(
    ("arguments", "key", "message"),
    [
        ({"serch": {}}, "serch", "did you mean 'search'"),
        ({"search": {"strategy": "publishd"}}, "search.strategy", "did you mean 'published'"),
        ({"task": {"max_step": 3}}, "task.max_step", "did you mean 'max_steps'"),
        ({"replicates": 2}, "replicates", "expected one search, found several"),
        ({"sweep": {"search.population": [8, 12]}}, "sweep", "expected one search, found several"),
        ({"initial": ["nowhere.json"]}, "", "nowhere.json"),
        ({"run_dir": ""}, "run_dir", "expected a directory or a URL, found an empty text"),
    ],
)
def test_a_mistake_leaves_nothing_behind(arguments, key, message, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        experiment.search(config, **arguments)
    assert caught.value.key == key
    assert not list(tmp_path.iterdir())


def test_a_run_to_go_on_with_has_its_own_config(config, expected):
    with pytest.raises(UserError, match="resume: expected no config beside it"):
        experiment.search(config, resume=expected)


def in_thread(action) -> list:
    found: list = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join()
    return found


def test_any_thread_may_call(config, expected, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    (champion,) = in_thread(lambda: experiment.search(config, run_dir=tmp_path / "call"))
    assert champion == load_champion(expected / "champion.json")
    assert in_thread(lambda: main([str(config), "--run-dir", str(tmp_path / "command")])) == [0]
    assert result(tmp_path / "command") == result(expected)
    assert signal.getsignal(signal.SIGINT) is before


@dataclass(frozen=True)
class Swinging(CartPoleSwingUp):
    """A task of one's own; its options hold one that no file can."""

    name = "swinging"
    before: Callable[[], object] = lambda: None

    def evaluate(self, networks, weights, seeds):
        self.before()
        return super().evaluate(networks, weights, seeds)


def test_a_task_object_takes_the_place_of_the_configs(config, expected, tmp_path):
    champion = experiment.search(config, run_dir=tmp_path / "run", task=Swinging(max_steps=150))
    assert champion.genome == load_champion(expected / "champion.json").genome
    assert champion.task == f"{Swinging.__module__}:Swinging"
    assert champion.config["task"]["max_steps"] == 150
    assert metrics(tmp_path / "run") == metrics(expected)


def test_a_task_object_of_a_class_that_nobody_can_import(tmp_path):
    @dataclass(frozen=True)
    class Local(CartPoleSwingUp):
        name = "local"

    stages = [
        {"name": "short", "generations": 1, "survivors": 4, "task": {"max_steps": 20}},
        {"name": "long", "generations": 1},
    ]
    values = {key: value for key, value in SHORT.items() if key not in ("generations", "task")}
    champion = experiment.search({**values, "stages": stages}, run_dir=tmp_path / "run", task=Local(max_steps=60))
    assert champion.task == "local"
    assert champion.config["task"]["max_steps"] == 60
    steps = [metrics(path)[-1]["env_steps"] for path in sorted((tmp_path / "run").glob("stages/*/*"))]
    assert steps[0] < 20 * 24 * 18 + 1 < steps[1]


def test_ctrl_c_saves_and_is_raised(config, expected, tmp_path):
    calls = []

    def interrupt():
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        experiment.search(config, run_dir=run, task=Swinging(max_steps=150, before=interrupt))
    assert len(metrics(run)) == 2
    champion = experiment.search(resume=run, task=Swinging(max_steps=150))
    assert champion.genome == load_champion(expected / "champion.json").genome
    assert metrics(run) == metrics(expected)


@pytest.mark.slow
def test_a_task_object_goes_to_rays_workers(ray_session, config, expected, tmp_path):
    @dataclass(frozen=True)
    class Local(CartPoleSwingUp):
        name = "local"

    workers = {"evaluator": "ray", "num_workers": 1}
    champion = experiment.search(config, run_dir=tmp_path / "run", task=Local(max_steps=150), workers=workers)
    assert champion.genome == load_champion(expected / "champion.json").genome


@pytest.mark.slow
def test_it_writes_the_page_that_a_config_asks_for(expected, capsys):
    from rich.console import Console

    experiment.search(resume=expected, console=Console(width=500), **{"logging.report": True})
    assert f"Report:  {expected / 'report' / 'report.html'}" in capsys.readouterr().out.splitlines()
    assert "<html" in (expected / "report" / "report.html").read_text()


def test_names_of_the_room_are_found_late():
    assert "search" in dir(experiment) and callable(experiment.search)
