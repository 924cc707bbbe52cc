"""The evaluator without workers."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from types import TracebackType
from typing import Self

from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Weights, weights_of_one
from wann.gradients import GradientRequest, Gradients
from wann.network import Network, Networks
from workers.blame import evaluate_or_locate, gradients_or_locate
from workers.evaluable import Evaluable, EvaluableTask, task_or_oracle
from workers.failures import FailureLog


class InlineEvaluator:
    """Evaluates in this process; see `workers.evaluator.Evaluator`.

    A task that hangs or kills its process does so to this one.

    Args:
        task: the task to evaluate on.
        device: the device in words, for `description`.
    """

    def __init__(self, task: EvaluableTask, device: str = "CPU") -> None:
        self._task = task
        self._device = device
        self._seconds = 0.0
        self._failures = FailureLog()

    @property
    def description(self) -> str:
        return f"{self._task.name} in this process, {self._device}"

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        return self._evaluate(self._task, networks, weights, seeds)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        oracle = task_or_oracle(self._task, oracle=True)
        return self._evaluate(oracle, Networks.of([network]), weights_of_one(weights), seeds)

    def gradients(self, requests: Sequence[GradientRequest], weights: NDArray, seeds: Seeds) -> list[Gradients]:
        begin = perf_counter()
        found = gradients_or_locate(self._task, requests, weights, seeds)
        self._seconds += perf_counter() - begin
        return found

    def _evaluate(self, task: Evaluable, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        begin = perf_counter()
        returns = evaluate_or_locate(task, networks, weights, seeds)
        self._seconds += perf_counter() - begin
        return self._failures.noted(returns)

    def statistics(self) -> dict[str, float]:
        return {"worker_count": 0.0, "worker_busy_seconds": self._seconds, **self._failures.figures()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
