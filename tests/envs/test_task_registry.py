"""How a config's options become a task."""

import subprocess
import sys
from dataclasses import fields

import pytest

from envs.cartpole.task import CartPoleSwingUp
from envs.gymnasium.task import GymnasiumTask
from envs.registry import TASKS, make_task
from wann import UserError


def test_names_are_those_of_the_classes():
    for name, task in TASKS.items():
        assert task.name == name


def test_options_become_fields():
    assert make_task("cartpole_swingup", {}) == CartPoleSwingUp()
    assert make_task("cartpole_swingup", {"max_steps": 7, "hard": True}) == CartPoleSwingUp(7, True)
    options = {"id": "Pendulum-v1", "kwargs": {"g": 9.0}, "max_steps": None, "reuse": False}
    assert make_task("gymnasium", options) == GymnasiumTask("Pendulum-v1", {"g": 9.0})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cartpole_swingup", {"hardd": True}, r"^task\.hardd: .*did you mean 'hard'"),
        ("cartpole_swingup", {"hard": "yes"}, r"^task\.hard: expected a value of type bool, found 'yes' \(str\)"),
        ("cartpole_swingup", {"hard": 1}, r"^task\.hard: expected .* bool, found 1 \(int\)"),
        ("cartpole_swingup", {"max_steps": "100"}, r"^task\.max_steps: expected .* int, found '100' \(str\)"),
        ("cartpole_swingup", {"max_steps": 100.0}, r"^task\.max_steps: expected .* int, found 100\.0 \(float\)"),
        ("cartpole_swingup", {"max_steps": True}, r"^task\.max_steps: expected .* int, found True \(bool\)"),
        ("cartpole_swingup", {"max_steps": None}, r"^task\.max_steps: expected .* int, found None"),
        ("cartpole_swingup", {"max_steps": 0}, r"^task\.max_steps: expected at least 1, found 0"),
        ("cartpole_swingup", {3: 0}, r"^task\.3: .*no such option"),
        ("gymnasium", {}, r"^task\.id: expected a value of type str, which .* needs, found none"),
        ("gymnasium", {"id": 3}, r"^task\.id: expected .* str, found 3 \(int\)"),
        (
            "gymnasium",
            {"id": "Pendulum-v1", "kwargs": [1]},
            r"^task\.kwargs: expected .* dict\[str, Any\], found \[1\]",
        ),
        ("gymnasium", {"id": "Pendulum-v1", "kwargs": {1: 2}}, r"^task\.kwargs: expected .* dict\[str, Any\]"),
        (
            "gymnasium",
            {"id": "Pendulum-v1", "max_steps": 1.5},
            r"^task\.max_steps: expected .* int \| None, found 1\.5",
        ),
        ("cartpole_swing_up", {}, r"^task\.name: expected a task, found .*did you mean 'cartpole_swingup'"),
        ("qqq", {}, r"^task\.name: expected a task, found 'qqq' \(known: cartpole_swingup, bipedal_walker, car_racing"),
    ],
)
def test_mistakes_are_named_in_one_sentence(name, options, message):
    with pytest.raises(UserError, match=message) as caught:
        make_task(name, options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_options_have_types_that_can_be_checked(task):
    assert all(isinstance(field.type, str) for field in fields(task)), "error messages show the declared type"


def test_the_registry_loads_no_simulator():
    """A command's --help and its config checks must answer at once."""
    heavy = "{'gymnasium', 'numba', 'ray', 'torch', 'pygame'}"
    code = f"import sys, envs.registry; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
