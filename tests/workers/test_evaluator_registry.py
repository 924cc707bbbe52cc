"""Evaluators by name, and the sentences for wrong names."""

import socket
import subprocess
import sys

import pytest

from envs.images.classification import Classification
from faulty_tasks import ArithmeticTask
from wann import UserError
from workers.ray.evaluator import RayEvaluator
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
from workers.ray.evaluator import RayEvaluator
from workers.registry import EvaluatorOptions, make_evaluator
from envs.images.classification import Classification
from faulty_tasks import ArithmeticTask
made = make_evaluator(ArithmeticTask(), EvaluatorOptions({evaluator!r}))
assert made.description, made
sys.exit("ray" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


@pytest.mark.parametrize("as_job", [False, True])
def test_a_jobs_workers_are_elsewhere(monkeypatch, as_job: bool) -> None:
    """A job's head needs no GPU: those of the cluster count, by whatever way its address is known."""
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"ray://127.0.0.1:{head.getsockname()[1]}"
        if as_job:
            monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
            monkeypatch.setenv("RAY_ADDRESS", address)
        options = EvaluatorOptions("ray", device="cuda", address=None if as_job else address)
        evaluator = make_evaluator(Classification("digits"), options)
    assert isinstance(evaluator, RayEvaluator)
    found = evaluator.options
    assert (found.address, found.on_gpus, found.device) == (address, True, "CUDA (the cluster's GPUs)")


def test_only_auto_says_that_it_fell_back() -> None:
    assert "no CUDA evaluator" in make_evaluator(TASK, EvaluatorOptions("inline", device="auto")).description
    assert "CUDA" not in make_evaluator(TASK, EvaluatorOptions("inline", device="cpu")).description
