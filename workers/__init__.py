"""Evaluators: they run a task's evaluations in this process or on workers, and locate failures in single rollouts.

Imports `wann` and `envs`, and nothing about searches. `workers.ray` holds the evaluator on Ray actors.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from workers.blame import TaskError as TaskError
    from workers.evaluator import Evaluator as Evaluator
    from workers.evaluator import WorkerError as WorkerError
    from workers.inline import InlineEvaluator as InlineEvaluator
    from workers.registry import EVALUATORS as EVALUATORS
    from workers.registry import EvaluatorOptions as EvaluatorOptions
    from workers.registry import make_evaluator as make_evaluator

__all__ = [
    "EVALUATORS",
    "Evaluator",
    "EvaluatorOptions",
    "InlineEvaluator",
    "TaskError",
    "WorkerError",
    "make_evaluator",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "EVALUATORS": "workers.registry",
        "Evaluator": "workers.evaluator",
        "EvaluatorOptions": "workers.registry",
        "InlineEvaluator": "workers.inline",
        "TaskError": "workers.blame",
        "WorkerError": "workers.evaluator",
        "make_evaluator": "workers.registry",
    },
)
