"""Metrics sent to a tracker, beside the run's own files."""

import json
import logging

import pytest

from experiment.recording import trackers
from run_search import main
from searching import metrics, result, write_config


@pytest.fixture
def config(tmp_path):
    return write_config(tmp_path / "c.yaml", generations=4)


def test_a_tracker_that_is_not_installed_is_one_sentence(config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", "logging.tracker=mlflow"]) == 2
    message = capsys.readouterr().err
    assert "expected the package 'mlflow', found none; pip install mlflow-skinny" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_unknown_tracker_is_refused(config, tmp_path, capsys):
    assert main([str(config), "--set", "logging.tracker=mlflo"]) == 2
    assert "did you mean 'mlflow'" in capsys.readouterr().err


def test_mlflow_has_every_generation_and_a_resumed_run_goes_on_there(config, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'mlruns'}")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "logging.tracker=mlflow"]) == 0
    assert main(["--resume", str(run), "--set", "generations=6"]) == 0
    client = MlflowClient(f"file:{tmp_path / 'mlruns'}")
    identity = json.loads((run / "tracker.json").read_text())["mlflow"]
    history = client.get_metric_history(identity, "best_mean_return")
    assert [(m.step, m.value) for m in history] == [
        (i, line["best_mean_return"]) for i, line in enumerate(metrics(run))
    ]
    found = client.get_run(identity)
    assert (found.info.status, found.data.params["search.population"]) == ("FINISHED", "24")
    assert main([str(config), "--run-dir", str(tmp_path / "plain"), "--set", "generations=6"]) == 0
    assert result(run) == result(tmp_path / "plain")


def test_wandb_keeps_a_run_offline(config, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "logging.tracker=wandb"]) == 0
    identity = json.loads((run / "tracker.json").read_text())["wandb"]
    (data,) = (run / "wandb").glob(f"offline-run-*/run-{identity}.wandb")
    assert b"best_mean_return" in data.read_bytes()


class Refusing:
    """A tracker that takes one generation."""

    identity = "1"

    def __init__(self, run, identity):
        self.taken = 0

    def add(self, step, figures):
        self.taken += 1
        if self.taken > 1:
            raise OSError("no room\nleft")

    def close(self):
        raise AssertionError("it was given up")


def test_a_tracker_that_fails_later_is_warned_of_once_and_stops_nothing(config, tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(trackers.TRACKERS, "mlflow", ("mlflow-skinny", Refusing))
    monkeypatch.setattr(trackers, "find_spec", lambda name: object())
    caplog.set_level(logging.WARNING)
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", "logging.tracker=mlflow"]) == 0
    said = [record.getMessage() for record in caplog.records if "takes no more metrics" in record.getMessage()]
    assert said == ["mlflow takes no more metrics of this run: no room left"]
