"""The evaluator protocol: it takes evaluations and gives returns, independent of where they run."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Weights
from wann.gradients import GradientRequest, Gradients
from wann.network import Network, Networks


class WorkerError(RuntimeError):
    """No workers are available: Ray does not start, or every worker dies before it has run anything."""


class Evaluator(Protocol):
    """Runs evaluations and returns the same bytes as ``task.evaluate``; a context manager."""

    @property
    def description(self) -> str:
        """One line for the log: the task, the processes and the device."""
        ...

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight setting on every seed; see `envs.task.Task.evaluate`.

        Raises:
            TaskError: the task raised, or broke its contract.
            ValueError: weights or seeds have a wrong shape.
        """
        ...

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64; see `envs.task.Task.evaluate_oracle`. Raises as `evaluate` does."""
        ...

    def gradients(self, requests: Sequence[GradientRequest], weights: NDArray, seeds: Seeds) -> list[Gradients]:
        """The effect of connections on the loss, for each genome; see `wann.gradients`. For tasks that have gradients.

        Raises:
            TaskError: the task raised, or has no gradients.
        """
        ...

    def statistics(self) -> dict[str, float]:
        """Figures for the log; keys begin with ``worker_``.

        Counts and ``worker_busy_seconds`` are sums since the start. The `workers.statistics.GAUGES` are current values;
        among them, shares and times of chunks cover the time since the last call.
        """
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
