"""The promise of equal bytes on simulators: a staged search for walkers, with races and safe mutations; and racers."""

import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from envs.box2d.racer.task import CarRacing
from holding import Hold
from networks import random_networks
from run_search import main
from searching import command, run_command, staged_result, wait_for, write_staged_config

pytest.importorskip("Box2D")

pytestmark = pytest.mark.slow

STAGES = [
    {"name": "discover", "generations": 3, "survivors": 4, "task": {"max_steps": 25}},
    {"name": "settle", "generations": 3, "evaluation": {"race": [{"share": 0.5, "rollouts": 2}]}},
]
SETTINGS = {
    "task": {"name": "bipedal_walker", "max_steps": 40, "stall_steps": 20},
    "search": {
        "strategy": "lower_bound",
        "population": 16,
        "tournament_size": 4,
        "lower_bound": {"newborn_ratio": 0.0, "age_generations": 1},
        "safe_mutation": {"candidates": 4, "states": 64},
    },
    # Few weights: the best shared weight is looked for within this range, in whole episodes.
    "evaluation": {"sampled_weights": {"low": 1.0, "high": 1.05, "count": 2}, "rollouts": 1},
    "champion": {"first_episodes": 2, "candidates": 2, "selection_episodes": 2, "report_episodes": 2},
    "stages": STAGES,
}
RAY = ["--set", "workers.evaluator=ray", "--set", "workers.num_workers=2"]


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_staged_config(tmp_path_factory.mktemp("config") / "walkers.yaml", **SETTINGS)


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory) -> dict[str, object]:
    """The undisturbed run, in this process."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    found = staged_result(run)
    assert len(found) == 2 + len(STAGES)
    return found


def test_walkers_on_ray_workers_have_the_same_bytes(config, whole, tmp_path):
    done = run_command(config, "--run-dir", tmp_path / "run", *RAY)
    assert done.returncode == 0, done.stderr
    assert "on 2 Ray workers" in done.stdout
    assert staged_result(tmp_path / "run") == whole


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_walkers_stopped_and_resumed_have_the_same_bytes(how, config, whole, tmp_path):
    run = tmp_path / "run"
    checkpoint = run / "stages" / "2-settle" / "restart-000" / "checkpoint"
    with subprocess.Popen(command(config, "--run-dir", run), stdout=subprocess.DEVNULL) as process:
        wait_for(checkpoint.exists, process)
        process.send_signal(how)
        process.wait(timeout=60)
    assert not (run / "champion.json").exists()
    assert main(["--resume", str(run)]) == 0
    assert staged_result(run) == whole


@dataclass(frozen=True)
class HeldRacing(CarRacing):
    """Races go on in a process as long as it is held at work."""

    hold: Hold = field(kw_only=True)

    def evaluate(self, networks, weights, seeds):
        while self.hold.keeps(seeds):
            super().evaluate(networks, weights, seeds)
        return super().evaluate(networks, weights, seeds)


@pytest.mark.usefixtures("ray_session", "no_work_is_late")
def test_racers_have_the_same_bytes_with_a_worker_killed(tmp_path):
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    networks = random_networks(16, 3, 6, np.random.default_rng(0))
    weights, seeds = np.array([-0.9, 1.1]), np.array([1, 2])
    expected = CarRacing(max_steps=60).evaluate(networks, weights, seeds)
    hold = Hold(tmp_path)
    options = RayOptions(2, chunk_seconds=1e-6, home_seconds=0)
    with RayEvaluator(HeldRacing(max_steps=60, hold=hold), options) as evaluator:
        evaluator.wait_until_started()
        hold.ask()
        killer = threading.Thread(target=hold.kill)
        killer.start()
        found = evaluator.evaluate(networks, weights, seeds)
        killer.join()
        assert evaluator.statistics()["worker_deaths"] == 1
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.steps.tobytes() == expected.steps.tobytes()
    assert found.falls is not None and (found.falls == expected.falls).all()
