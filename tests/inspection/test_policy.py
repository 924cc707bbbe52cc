"""Champions from Python: a policy acts as the oracle does, and the example runs."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from inspection import Policy, best_weight
from places import CHAMPIONS, ROOT
from wann import UserError, compile_genome, forward, load_champion

SWINGUP = CHAMPIONS / "swingup_one_weight.json"


def test_a_policy_computes_and_plays_what_the_oracle_does():
    champion = load_champion(SWINGUP)
    policy = Policy(SWINGUP)
    assert policy.weight == best_weight(champion) == 1.74
    inputs = np.random.default_rng(0).normal(size=(7, 5))
    expected = forward(compile_genome(champion.genome), np.array([1.74]), inputs)[0]
    np.testing.assert_array_equal(policy.outputs(inputs), expected)
    played = policy.play(seed=3)
    returns = policy.task.evaluate_oracle(policy.network, [1.74], [3])
    assert (played.value, played.steps) == (returns.values.item(), returns.steps.item())


def test_actions_are_for_the_environment():
    policy = Policy(SWINGUP, weight=0.5)
    environment = policy.task.make_environment()
    observation, _ = environment.reset(seed=2)
    value, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = environment.step(policy.action(observation))
        value, over = value + float(reward), terminated or truncated
    environment.close()
    assert value == policy.play(seed=2).value


def test_a_policy_of_images_has_outputs_and_no_environment():
    policy = Policy(CHAMPIONS / "mnist_equal_paths_200.json")
    assert policy.outputs(np.zeros((2, 256))).shape == (2, 10)
    with pytest.raises(UserError, match="expected a task with an environment that can be shown"):
        policy.play()


def test_a_weight_must_be_finite():
    with pytest.raises(UserError, match="weight: expected a finite number, found inf"):
        Policy(SWINGUP, weight=float("inf"))


def test_the_example_runs_as_it_stands(tmp_path):
    arguments = [sys.executable, "examples/use_champion.py", str(SWINGUP), str(tmp_path)]
    found = subprocess.run(
        arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
    )
    assert "Its best shared weight: 1.74" in found.stdout and "An episode returns 9" in found.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        "weights.svg",
        "weights.png",
        "champion.dot",
        "champion_torch.py",
    }
    assert len((ROOT / "examples/use_champion.py").read_text().splitlines()) < 60
