"""The description of actions: whoever follows it computes the actions that the environment gets."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from envs.gymnasium.actions import actions_of

SPACES = [
    Discrete(4, start=-1),
    MultiDiscrete([3, 2]),
    MultiBinary(3),
    Box(np.array([-2.0, 0.0, -np.inf], np.float32), np.array([2.0, 1.0, np.inf], np.float32)),
]


def follow(described: dict, outputs: np.ndarray) -> list:
    """One action of outputs [O], by the description alone."""
    if described["kind"] == "argmax":
        return described["start"] + int(outputs.argmax())
    if described["kind"] == "argmax of each part":
        parts = np.split(outputs, np.cumsum(described["counts"])[:-1])
        return [start + int(part.argmax()) for part, start in zip(parts, described["start"], strict=True)]
    if described["kind"] == "threshold":
        return (outputs > 0).astype(int).tolist()
    low, high = ([None if v is None else v for v in described[name]] for name in ("low", "high"))
    numbers = np.array(described["middle"]) + np.array(described["reach"]) * np.clip(outputs, -1, 1)
    bounded = [
        min(max(x, -np.inf if a is None else a), np.inf if b is None else b)
        for x, a, b in zip(numbers, low, high, strict=True)
    ]
    return bounded


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_the_description_computes_the_actions(space):
    found = actions_of(space)
    described = json.loads(json.dumps(found.to_actions.describe(), allow_nan=False))
    outputs = np.random.default_rng(0).normal(size=(20, len(found.names)))
    for row, action in zip(outputs, found.to_actions(outputs), strict=True):
        np.testing.assert_allclose(action, follow(described, row), rtol=1e-6)
    assert described["rule"]
