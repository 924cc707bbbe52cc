"""Evaluators by name, and the sentences for wrong names."""

import subprocess
import sys

import pytest

from faulty_tasks import ArithmeticTask
from wann import UserError
from workers.registry import EVALUATORS, EvaluatorOptions, make_evaluator

TASK = ArithmeticTask()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"evaluator": "rya"}, r"workers.evaluator: expected one of inline, ray, found 'rya' \(did you mean 'ray'\?\)"),
        ({"device": "gpu"}, "workers.device: expected one of auto, cpu, cuda, found 'gpu'"),
        (
            {"device": "cuda"},
            "workers.device: expected 'auto' or 'cpu' for task 'arithmetic', which has no CUDA evaluator, found 'cuda'",
        ),
        ({"num_workers": 0}, "workers.num_workers: expected at least 1, found 0"),
    ],
)
def test_mistakes_are_one_sentence(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_evaluator(TASK, EvaluatorOptions(**({"evaluator": "inline"} | options)))


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_making_starts_nothing(evaluator: str) -> None:
    script = f"""
import sys
from workers.registry import EvaluatorOptions, make_evaluator
from faulty_tasks import ArithmeticTask
made = make_evaluator(ArithmeticTask(), EvaluatorOptions({evaluator!r}))
assert made.description, made
sys.exit("ray" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


def test_only_auto_says_that_it_fell_back() -> None:
    assert "no CUDA evaluator" in make_evaluator(TASK, EvaluatorOptions("inline", device="auto")).description
    assert "CUDA" not in make_evaluator(TASK, EvaluatorOptions("inline", device="cpu")).description
