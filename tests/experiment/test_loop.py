"""A first generation without any finite return ends the search, in one sentence and with nothing recorded."""

from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from envs import registry
from envs.cartpole.task import CartPoleSwingUp
from run_search import main
from searching import metrics, write_config

SENTENCE = "every return of the first generation is not finite (24 genomes failed): "


@dataclass(frozen=True)
class NotFinite(CartPoleSwingUp):
    """Gives no finite return, in all generations but the first ``good`` ones."""

    name = "not_finite"
    good: int = 0

    def evaluate(self, networks, weights, seeds):
        returns = super().evaluate(networks, weights, seeds)
        CALLS.append(1)
        if len(CALLS) > self.good:
            returns.values[:] = np.nan
        return returns


CALLS: list[int] = []


@pytest.fixture
def config(tmp_path: Path, monkeypatch) -> Path:
    CALLS.clear()
    monkeypatch.setitem(registry.TASKS, "not_finite", NotFinite)
    return write_config(tmp_path / "c.yaml", task={"name": "not_finite", "max_steps": 20}, generations=3)


def test_a_search_ends_and_records_nothing(config, tmp_path, capsys):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run)]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"run_search.py: {SENTENCE}") and message.count("\n") == 1
    assert "the task 'not_finite', simulated by " in message and "--resume" not in message
    assert not (run / "metrics.jsonl").exists() and not (run / "checkpoint").exists()
    assert main(["--resume", str(run)]) == 1
    assert SENTENCE in capsys.readouterr().err


class Silent(gymnasium.Env):
    """An environment that observes nothing but NaN."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.full(2, np.nan, np.float32), {}

    def step(self, action):
        return np.full(2, np.nan, np.float32), 0.0, False, False, {}


def test_the_reason_of_an_environment_is_in_the_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(
        gymnasium.registry, "Silent-v0", gymnasium.envs.registration.EnvSpec("Silent-v0", Silent, max_episode_steps=5)
    )
    task = {"name": "gymnasium", "id": "Silent-v0"}
    path = write_config(tmp_path / "silent.yaml", task=task, generations=3)
    assert main([str(path), "--run-dir", str(tmp_path / "run")]) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(f"run_search.py: {SENTENCE}")
    assert "Silent-v0: an observation that is not finite" in message


def test_every_replicate_is_named(config, tmp_path, capsys):
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", "replicates=2"]) == 1
    output = capsys.readouterr()
    for name in ("replicate-000", "replicate-001"):
        assert f"{name} failed: {SENTENCE}" in output.out
        assert f"{name}: {SENTENCE}" in output.err
    assert "2 of 2 searches failed: " in output.err and output.err.count("\n") == 1


def test_a_later_generation_may_fail(config, tmp_path, capsys):
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", "task.good=2"]) == 1
    assert "expected a champion with finite returns" in capsys.readouterr().err
    assert [line["num_failed"] for line in metrics(tmp_path / "run")] == [0, 0, 24]
