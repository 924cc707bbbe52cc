"""What runs inside a worker process."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Seeds, Task, Weights
from wann.errors import UserError
from wann.genome import minimal_genome
from wann.network import Networks, compile_genome
from workers.evaluator import TaskError, evaluate_or_locate

# (returns or None, error or None, seconds)
Reply = tuple[Returns | None, Exception | None, float]


def warm_up(task: Task) -> None:
    """Load or compile the task's kernels by one rollout of a network without connections."""
    enabled = np.zeros((task.num_inputs + 1) * task.num_outputs, bool)
    network = compile_genome(minimal_genome(task.num_inputs, task.num_outputs, enabled))
    with suppress(Exception, SystemExit):  # A real request reports it, with the genome's name.
        task.evaluate(Networks.of([network]), np.ones(1), [0])


def run_chunk(task: Task, rows: NDArray[np.int64], networks: Networks, weights: Weights, seeds: Seeds) -> Reply:
    """Evaluate and time one chunk; errors of the task are returned, so that they arrive as they are.

    Args:
        task: what to evaluate on.
        rows: [p] index of each network within the whole request.
        networks: p programs.
        weights: [W] or p arrays [W, E].
        seeds: [R] or [W, R].
    """
    begin = perf_counter()
    # Ray's arrays are read-only, for which numba would compile every kernel a second time.
    networks = networks.take(np.arange(len(networks)))
    weights = weights.copy() if isinstance(weights, np.ndarray) else [np.array(setting) for setting in weights]
    try:
        returns = evaluate_or_locate(task, networks, weights, seeds, rows)
    except (TaskError, UserError) as error:
        return None, error, perf_counter() - begin
    return returns, None, perf_counter() - begin
