"""The parts of a task that evaluators use, and the oracle of a task in the same form."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from envs.task import Returns, Seeds, Weights, oracle_together
from wann.network import Network, Networks


class Evaluable(Protocol):
    """Something that evaluates a batch of networks: a task, or its oracle."""

    @property
    def name(self) -> str: ...
    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """See `envs.task.Task.evaluate`."""
        ...


class EvaluableTask(Evaluable, Protocol):
    """The part of `envs.task.Task` that evaluators need. `workers.device.DeviceTask` has only this part."""

    @property
    def num_inputs(self) -> int: ...
    @property
    def num_outputs(self) -> int: ...
    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """See `envs.task.Task.evaluate_oracle`."""
        ...


class Oracle:
    """Evaluates networks one by one by a task's ``evaluate_oracle``."""

    def __init__(self, task: EvaluableTask) -> None:
        self._task = task

    @property
    def name(self) -> str:
        return self._task.name

    @property
    def episodes_together(self) -> int:
        """See `envs.task.PlaysTogether`."""
        return oracle_together(self._task)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Like `envs.task.Task.evaluate`, in float64."""
        own = [weights] * len(networks) if isinstance(weights, np.ndarray) else weights
        parts = [self._task.evaluate_oracle(n, w, seeds) for n, w in zip(networks, own, strict=True)]
        falls = [part.falls for part in parts if part.falls is not None]
        return Returns(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.steps for part in parts]),
            np.concatenate(falls) if falls else None,
            {kind: why for part in parts for kind, why in part.failures.items()},
            sum(part.replayed for part in parts),
        )


def task_or_oracle(task: EvaluableTask, oracle: bool) -> Evaluable:
    """The task itself, or its oracle."""
    return Oracle(task) if oracle else task
