"""Accidents around a run: damaged files, a full disk, tasks that fail."""

import os
import subprocess
from pathlib import Path

import pytest

from run_search import main
from searching import metrics, result, run_command, write_config
from storage.checkpoint import CHECKPOINT, PREVIOUS


@pytest.fixture
def stopped(tmp_path) -> Path:
    """A run that ended after 6 of 9 generations."""
    run = tmp_path / "run"
    assert main([str(write_config(tmp_path / "c.yaml", generations=6)), "--run-dir", str(run)]) == 0
    return run


@pytest.fixture
def whole(tmp_path) -> tuple:
    run = tmp_path / "whole"
    assert main([str(write_config(tmp_path / "w.yaml", generations=9)), "--run-dir", str(run)]) == 0
    return result(run)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [truncate, pytest.param(flip_a_bit, marks=pytest.mark.slow)])
def test_a_damaged_checkpoint_costs_one_generation_and_no_result(damage, stopped, whole, caplog):
    damage(stopped / CHECKPOINT)
    assert main(["--resume", str(stopped), "--set", "generations=9"]) == 0
    assert "checkpoint" in caplog.text
    assert result(stopped) == whole


def test_two_damaged_checkpoints_are_a_clear_end(stopped, capsys):
    truncate(stopped / CHECKPOINT)
    flip_a_bit(stopped / PREVIOUS)
    assert main(["--resume", str(stopped)]) == 2
    assert "checkpoint" in capsys.readouterr().err


def test_a_torn_line_of_metrics_is_written_again(stopped, whole):
    with open(stopped / "metrics.jsonl", "a") as file:
        file.write('{"generation": 6, "best')
    assert main(["--resume", str(stopped), "--set", "generations=9"]) == 0
    assert result(stopped) == whole


def test_another_seed_of_a_damaged_config_is_refused(stopped, capsys):
    text = (stopped / "config.yaml").read_text()
    (stopped / "config.yaml").write_text(text.replace("seed: 0", "seed: 5"))
    assert main(["--resume", str(stopped)]) == 2
    assert "seed" in capsys.readouterr().err


@pytest.mark.slow
def test_a_full_disk_ends_clearly_and_the_run_goes_on_when_there_is_room(tmp_path, small_disk, whole):
    config, run = write_config(tmp_path / "c.yaml", generations=9), small_disk / "run"
    (small_disk / "ballast").write_bytes(bytes(32 * 1024))
    done = run_command(config, "--run-dir", run)
    assert done.returncode == 1
    assert "disk" in done.stderr
    assert "Traceback" not in done.stderr
    assert f"--resume {run}" in done.stderr or "resume" in done.stderr
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert run_command("--resume", run).returncode == 0
    assert result(run)[1] == whole[1]


FAILING_TASK = """
from dataclasses import dataclass
from envs import registry
from envs.cartpole.task import CartPoleSwingUp
import numpy as np

@dataclass(frozen=True)
class Failing(CartPoleSwingUp):
    name = "failing"
    how: str = "raise"
    def evaluate(self, networks, weights, seeds):
        returns = super().evaluate(networks, weights, seeds)
        for row, network in enumerate(networks):
            if self.how == "always nan":
                returns.values[row] = np.nan
            elif network.num_connections == 4 and network.num_hidden >= 1:
                if self.how == "raise":
                    raise ArithmeticError("the simulator exploded")
                returns.values[row] = np.nan
        return returns

registry.TASKS["failing"] = Failing
import sys
from run_search import main
sys.exit(main())
"""


@pytest.fixture
def failing(tmp_path) -> Path:
    path = tmp_path / "failing.py"
    path.write_text(FAILING_TASK)
    return path


def run_failing(script: Path, *arguments: object) -> subprocess.CompletedProcess:
    import sys

    from searching import ROOT

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )


def test_a_task_that_raises_is_named_and_the_run_is_saved(failing, tmp_path):
    config = write_config(tmp_path / "c.yaml", generations=60, task={"name": "failing", "max_steps": 20})
    done = run_failing(failing, config, "--run-dir", tmp_path / "run")
    assert done.returncode == 1, done.stderr
    message = done.stderr.strip()
    assert "task 'failing' failed on genome" in message
    assert "weight" in message
    assert "seed" in message
    assert "the simulator exploded" in message
    assert f"--resume {tmp_path / 'run'}" in message
    assert len(message.splitlines()) == 1
    assert (tmp_path / "run" / "checkpoint").exists()


@pytest.mark.slow
def test_a_task_that_returns_nan_is_survived(failing, tmp_path):
    config = write_config(tmp_path / "c.yaml", generations=30, task={"name": "failing", "how": "nan", "max_steps": 20})
    done = run_failing(failing, config, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert sum(line["num_failed"] for line in metrics(tmp_path / "run")) > 0


def test_a_search_in_which_everything_fails_ends_with_its_first_generation(failing, tmp_path):
    task = {"name": "failing", "how": "always nan", "max_steps": 20}
    done = run_failing(failing, write_config(tmp_path / "c.yaml", task=task), "--run-dir", tmp_path / "run")
    assert done.returncode == 1, done.stderr
    assert "every return of the first generation is not finite" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run" / "champion.json").exists()


def test_events_that_cannot_be_written_end_the_run_clearly(tmp_path, monkeypatch, capsys):
    from tensorboardX.event_file_writer import EventsWriter

    written = []
    original = EventsWriter.write_event

    def fail_later(self, event):
        written.append(event)
        if len(written) > 4:
            raise OSError(28, "No space left on device")
        return original(self, event)

    monkeypatch.setattr(EventsWriter, "write_event", fail_later)
    assert main([str(write_config(tmp_path / "c.yaml")), "--run-dir", str(tmp_path / "run")]) == 1
    assert "disk full" in capsys.readouterr().err
