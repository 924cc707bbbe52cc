"""One config and seed, one result: on any evaluator, with workers and the driver killed on the way."""

import random
import subprocess
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from configs import load_config
from experiment.build import Evaluators, task_of
from experiment.champions import Found, crown
from experiment.loop import evolve
from experiment.plan import plan_of
from experiment.terminal.command_line import StopRequest
from run_search import main
from searching import command, metrics, result, write_config
from storage.checkpoint import CHECKPOINT
from storage.run_directory import RunDirectory
from wann.champion import format_champion
from wann.files import partial_path
from workers.evaluator import Evaluator
from workers.inline import InlineEvaluator

GENERATIONS = 16
# Long enough that a chunk is in flight when a worker dies.
SETTINGS = {
    "generations": GENERATIONS,
    "search": {"population": 64, "tournament_size": 8},
    "task": {"name": "cartpole_swingup"},
}


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_config(tmp_path_factory.mktemp("config") / "same.yaml", **SETTINGS)


@pytest.fixture(scope="module")
def expected(config, tmp_path_factory) -> tuple:
    """The undisturbed run in one process."""
    run = tmp_path_factory.mktemp("inline") / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    assert len(metrics(run)) == GENERATIONS
    return result(run)


class Given(Evaluators):
    """One evaluator for every task."""

    def __init__(self, config, evaluator: Evaluator) -> None:
        super().__init__(config, Console(quiet=True))
        self._given = evaluator

    def on(self, task) -> Evaluator:
        return self._given


def evolve_with(evaluator: Evaluator, config: Path, path: Path) -> tuple:
    loaded = load_config(config)
    with RunDirectory.create(path, loaded) as run, StopRequest(lambda: None) as stop:
        task = task_of(loaded)
        assert task.reported == task  # so that one evaluator will do
        search = evolve(run, task, evaluator, Console(quiet=True), stop)
        assert search is not None
        evaluators = Given(loaded, evaluator)
        champion = crown(plan_of(loaded).searches[0], Found(search.candidates(), search.generation), evaluators, stop)
        run.write_champion(format_champion(champion).encode())
    return result(path)


def test_evaluating_one_network_at_a_time_changes_nothing(config, expected, tmp_path):
    class OneByOne(InlineEvaluator):
        def evaluate(self, networks, weights, seeds):
            import numpy as np

            from envs.task import Returns

            parts = [super(OneByOne, self).evaluate(networks.take([i]), weights, seeds) for i in range(len(networks))]
            return Returns(np.concatenate([p.values for p in parts]), np.concatenate([p.steps for p in parts]))

    with OneByOne(task_of(load_config(config))) as evaluator:
        assert evolve_with(evaluator, config, tmp_path / "run") == expected


@pytest.mark.parametrize("num_workers", [2, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 4))])
def test_ray_gives_the_same_bytes(num_workers, config, expected, ray_session, tmp_path):
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    with RayEvaluator(task_of(load_config(config)), RayOptions(num_workers, home_seconds=0)) as evaluator:
        assert evolve_with(evaluator, config, tmp_path / "run") == expected
        assert evaluator.statistics()["worker_chunks"] >= GENERATIONS


@pytest.mark.slow
def test_workers_killed_in_every_second_generation_change_nothing(config, expected, ray_session, tmp_path):
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    class Harassed(RayEvaluator):
        """Kills one of its workers while every second request is out."""

        requests = 0

        def evaluate(self, networks, weights, seeds):
            self.requests += 1
            if self.requests % 2 or self.requests > GENERATIONS:
                return super().evaluate(networks, weights, seeds)
            killer = threading.Timer(0.004, self._kill)
            killer.start()
            try:
                return super().evaluate(networks, weights, seeds)
            finally:
                killer.join()

        def _kill(self):
            victims = self.actor_pids()
            subprocess.run(["kill", "-KILL", str(victims[self.requests // 2 % len(victims)])], check=True)

    with Harassed(task_of(load_config(config)), RayOptions(2, home_seconds=0)) as evaluator:
        evaluator.wait_until_started()
        assert evolve_with(evaluator, config, tmp_path / "run") == expected
        statistics = evaluator.statistics()
    assert statistics["worker_deaths"] >= GENERATIONS // 2 - 1  # the last may not have been noticed
    assert statistics["worker_poisoned"] == 0


def _generations(run: Path) -> int:
    try:
        return (run / "metrics.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _kill_somewhere(arguments: list, run: Path, after: int, in_checkpoint: bool, delay: float) -> bool:
    """Start the command and SIGKILL it once ``after`` generations are written; whether it got that far."""
    partial = partial_path(run / CHECKPOINT)
    with subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL) as process:
        while _generations(run) < after:
            if process.poll() is not None:
                return False
            time.sleep(0.0005)
        if in_checkpoint:
            while not partial.exists() and process.poll() is None:
                pass
        else:
            time.sleep(delay)
        process.kill()
        process.wait()
    return True


@pytest.mark.slow
def test_the_driver_killed_ten_times_changes_nothing(tmp_path):
    """Ten SIGKILLs in distinct generations, half of them aimed at the writing of a checkpoint."""
    # Larger than elsewhere, so that a checkpoint takes a while to write.
    settings = {**SETTINGS, "generations": 60, "search": {"population": 200, "tournament_size": 8}}
    settings["task"] = {"name": "cartpole_swingup", "max_steps": 100}
    config = write_config(tmp_path / "same.yaml", **settings)
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert main([str(config), "--run-dir", str(whole)]) == 0
    draws = random.Random(20261121)
    killed_at, torn = [], 0
    arguments: list = [config, "--run-dir", run]
    for kill in range(10):
        after = max(_generations(run) + 1, 5 * kill + draws.randrange(1, 5))
        assert _kill_somewhere(arguments, run, after, in_checkpoint=kill % 2 == 1, delay=draws.uniform(0, 0.02))
        killed_at.append(_generations(run))
        torn += partial_path(run / CHECKPOINT).exists()
        arguments = ["--resume", run]
    assert len(set(killed_at)) == 10, killed_at
    assert torn >= 2, "too few kills in the middle of a checkpoint"
    assert main(["--resume", str(run)]) == 0
    assert result(run) == result(whole)


@pytest.mark.slow
def test_the_driver_of_ray_workers_killed_changes_nothing(config, expected, tmp_path):
    run = tmp_path / "run"
    ray = ["--set", "workers.evaluator=ray", "--set", "workers.num_workers=2"]
    assert _kill_somewhere([config, "--run-dir", run, *ray], run, 6, in_checkpoint=False, delay=0.01)
    assert main(["--resume", str(run), "--set", "workers.evaluator=inline"]) == 0
    assert result(run) == expected
