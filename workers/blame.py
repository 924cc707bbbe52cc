"""Locating a task's failure: the genome, weight and seed are found by running them alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from envs.task import HasGradients, Returns, Seeds, Weights, lane_grid
from wann.errors import UserError
from wann.gradients import GradientRequest, Gradients
from wann.network import Networks
from workers.evaluable import Evaluable, EvaluableTask


class TaskError(RuntimeError):
    """A task raised or broke its contract. The message names task, genome, weight and seed in one sentence.

    Attributes:
        task: name of the task.
        genome: index within the whole request, or None if no single genome is to blame.
        weight: the shared weight (float), the index of an individual weight setting (int), or None.
        seed: of the rollout, or None.
        detail: the original error.
    """

    def __init__(
        self, task: str, genome: int | None, weight: float | int | None, seed: int | None, detail: str, where: str = ""
    ) -> None:
        self.task, self.genome, self.weight, self.seed = task, genome, weight, seed
        self.detail, self.where = detail, where
        super().__init__(f"task {task!r} failed{where or _where(genome, weight, seed)}: {detail}")

    def __reduce__(self) -> tuple:
        return TaskError, (self.task, self.genome, self.weight, self.seed, self.detail, self.where)


def _where(genome: int | None, weight: float | int | None, seed: int | None) -> str:
    if genome is None:
        return ""
    if weight is None:
        return f" on genome {genome}, though on none of its rollouts alone"
    setting = f"weight setting {weight}" if isinstance(weight, int) else f"weight {weight:g}"
    return f" on genome {genome} at {setting}, seed {seed}"


def evaluate_or_locate(
    task: Evaluable, networks: Networks, weights: Weights, seeds: Seeds, rows: NDArray[np.int64] | None = None
) -> Returns:
    """Run and check ``task.evaluate``. If it raises, the genome, weight and seed are found by running them alone.

    Args:
        task: a task or its oracle.
        networks: P programs.
        weights: [W] or P arrays [W, E].
        seeds: [R] or [W, R].
        rows: [P] index of each network within the whole request, for messages; 0..P-1 by default.

    Returns:
        Validated values and steps, [P, W, R]. NaN and infinite values pass.

    Raises:
        TaskError: the task raised, or returned wrong shapes, types or negative steps.
        UserError: raised by the task itself.
    """
    rows = np.arange(len(networks)) if rows is None else rows
    shape = request_shape(networks, weights, seeds)
    if not len(networks):
        return Returns.of_none(shape)
    try:
        returns = task.evaluate(networks, weights, seeds)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise _locate(task, networks, weights, seeds, rows, error) from error
    return validated(task.name, returns, shape)


def gradients_or_locate(
    task: EvaluableTask,
    requests: Sequence[GradientRequest],
    weights: NDArray[np.float64],
    seeds: Seeds,
    rows: NDArray[np.int64] | None = None,
) -> list[Gradients]:
    """``task.gradients`` of each genome. Arguments and errors are like those of `evaluate_or_locate`."""
    if not isinstance(task, HasGradients):
        raise TaskError(task.name, None, None, None, "expected a task with gradients, found one without")
    found: list[Gradients] = []
    for row, wanted in zip(range(len(requests)) if rows is None else rows.tolist(), requests, strict=True):
        try:
            found.append(task.gradients(wanted.genome, weights, seeds, wanted.pairs))
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            where = f" on the gradients of genome {row}"
            raise TaskError(task.name, row, None, None, _describe(error), where) from error
    return found


def request_shape(networks: Networks, weights: Weights, seeds: Seeds) -> tuple[int, int, int]:
    """(P, W, R) of a request.

    Raises:
        ValueError: weights or seeds have a wrong shape.
    """
    if isinstance(weights, np.ndarray) or len(weights):
        num_weights, num_seeds = lane_grid(weights, seeds)[0].shape
    else:  # Without networks there are no individual weights to infer W from.
        seed_array = np.asarray(seeds)
        num_weights, num_seeds = (len(seed_array) if seed_array.ndim == 2 else 0), seed_array.shape[-1]
    if not isinstance(weights, np.ndarray) and len(weights) != len(networks):
        raise ValueError(f"expected individual weights for {len(networks)} networks, found {len(weights)}")
    return len(networks), num_weights, num_seeds


def validated(task: str, returns: object, shape: tuple[int, ...]) -> Returns:
    """``returns`` as float64 and int64 of ``shape``.

    Raises:
        TaskError: types or shape are different.
    """
    if not isinstance(returns, Returns):
        raise TaskError(task, None, None, None, f"expected Returns from evaluate, found {type(returns).__name__}")
    values, steps = np.asarray(returns.values), np.asarray(returns.steps)
    for name, array, kinds, kind_name in (("values", values, "f", "floats"), ("steps", steps, "iu", "integers")):
        if array.shape != shape:
            detail = f"expected {name} of shape [P, W, R] = {list(shape)}, found {list(array.shape)}"
            raise TaskError(task, None, None, None, detail)
        if array.dtype.kind not in kinds:
            raise TaskError(task, None, None, None, f"expected {name} to be {kind_name}, found {array.dtype}")
    if (steps < 0).any():
        raise TaskError(task, None, None, None, f"expected steps >= 0, found {int(steps.min())}")
    falls = None if returns.falls is None else np.asarray(returns.falls)
    if falls is not None and (falls.shape != shape or falls.dtype != bool):
        detail = (
            f"expected falls to be bools of shape [P, W, R] = {list(shape)}, found {falls.dtype} {list(falls.shape)}"
        )
        raise TaskError(task, None, None, None, detail)
    whole, counts = np.ascontiguousarray(values, np.float64), np.ascontiguousarray(steps, np.int64)
    return Returns(whole, counts, falls, returns.failures, returns.replayed)


def _locate(
    task: Evaluable, networks: Networks, weights: Weights, seeds: Seeds, rows: NDArray[np.int64], error: BaseException
) -> TaskError:
    """The error for the first network that fails alone, and its first rollout that fails alone."""
    shared = isinstance(weights, np.ndarray)
    for index, row in enumerate(rows.tolist()):
        network = networks.take([index])
        own: Weights = weights if shared else [weights[index]]
        detail = _failure(task, network, own, seeds)
        if detail is None:
            continue
        for setting, seed, one_weight in _rollouts(own, seeds):
            alone = _failure(task, network, one_weight, [seed])
            if alone is not None:
                return TaskError(task.name, row, float(weights[setting]) if shared else setting, seed, alone)
        return TaskError(task.name, row, None, None, detail)
    names = f"genome {rows[0]}" if len(rows) == 1 else f"{len(rows)} genomes {rows.min()}..{rows.max()} together"
    return TaskError(task.name, None, None, None, _describe(error), f" on {names}, though not when run again alone")


def _rollouts(weights: Weights, seeds: Seeds) -> Iterator[tuple[int, int, Weights]]:
    """(weight setting, seed, weights of that setting alone) of every rollout of one network."""
    settings, grid = lane_grid(weights, seeds)
    for setting, seed in zip(settings.ravel().tolist(), grid.ravel().tolist(), strict=True):
        only = slice(setting, setting + 1)
        yield setting, seed, weights[only] if isinstance(weights, np.ndarray) else [weights[0][only]]


def _failure(task: Evaluable, network: Networks, weights: Weights, seeds: Seeds) -> str | None:
    try:
        task.evaluate(network, weights, seeds)
    except (Exception, SystemExit) as error:
        return _describe(error)
    return None


def _describe(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
