"""The part of evaluation that runs in a worker process. A task is loaded once, then chunks are run."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns
from wann.errors import UserError
from wann.genome import minimal_genome
from wann.gradients import GradientRequest, Gradients, Pairs
from wann.network import Networks, compile_genome
from workers.blame import TaskError, evaluate_or_locate, gradients_or_locate
from workers.evaluable import EvaluableTask, task_or_oracle
from workers.ray.blocks import Block
from workers.ray.memory import resident_megabytes

# (answer or None, error or None, seconds, the worker's memory in megabytes)
Reply = tuple[Any, Exception | None, float, float]


def dump_task(task: EvaluableTask) -> bytes:
    """The message that a worker starts with: the task, and a network without connections for the warm-up."""
    from ray import cloudpickle

    enabled = np.zeros((task.num_inputs + 1) * task.num_outputs, bool)
    network = compile_genome(minimal_genome(task.num_inputs, task.num_outputs, enabled))
    return cloudpickle.dumps((task, Networks.of([network])))


def load_task(message: bytes) -> EvaluableTask:
    """Unpack the task, and load or compile its kernels by running one rollout."""
    task, networks = pickle.loads(message)
    with suppress(Exception, SystemExit):  # A real request will report the error and name the genome.
        task.evaluate(networks, np.ones(1), [0])
    return task


class ChunkRunner(Protocol):
    """Runs a chunk. Its fields are shared by all chunks of a call."""

    def run(self, task: EvaluableTask, *chunk: Any) -> Any:
        """The answer for a chunk.

        Raises:
            TaskError: the task raised, or broke its contract.
            UserError: raised by the task itself.
        """
        ...


@dataclass(frozen=True)
class EvaluationRunner:
    """Runs networks on rollouts, by the task or by its oracle."""

    weights: NDArray[np.float64] | None  # [W] shared; None if each chunk has individual ones
    seeds: NDArray[np.int64]  # [R] or [W, R]
    oracle: bool

    def run(
        self,
        task: EvaluableTask,
        rows: NDArray[np.int64],
        networks: Networks,
        individual: list[NDArray],
        block: Block,
    ) -> Returns:
        """Run p networks, which have ``rows`` [p] in the request, on their block, with individual weights if given."""
        own = block.weights(individual if self.weights is None else self.weights)
        try:
            return evaluate_or_locate(task_or_oracle(task, self.oracle), networks, own, block.seeds(self.seeds), rows)
        except TaskError as error:
            raise _in_the_request(error, block) from error


@dataclass(frozen=True)
class GradientReply:
    """`wann.gradients.Gradients` of the requested pairs only, because a matrix of all nodes would be mostly zeros."""

    first: list[NDArray[np.float32]]  # [S, T] of each pair of S sources and T targets
    second: list[NDArray[np.float32]]
    steps: int

    @classmethod
    def of(cls, found: Gradients, pairs: Sequence[Pairs]) -> GradientReply:
        grids = [np.ix_(*pair) for pair in pairs]
        return cls([found.first[grid] for grid in grids], [found.second[grid] for grid in grids], found.steps)


@dataclass(frozen=True)
class GradientRunner:
    """Computes gradients of genomes."""

    weights: NDArray[np.float64]  # [W] shared
    seeds: NDArray[np.int64]  # of batches of images

    def run(self, task: EvaluableTask, rows: NDArray[np.int64], requests: list[GradientRequest]) -> list[GradientReply]:
        found = gradients_or_locate(task, requests, self.weights, self.seeds, rows)
        return [GradientReply.of(one, wanted.pairs) for one, wanted in zip(found, requests, strict=True)]


def run_chunk(task: EvaluableTask, chunk: bytes, shared: bytes) -> bytes:
    """Run and time one chunk. The task's errors are returned, so that they arrive unchanged.

    Plain pickles cost a third of Ray's own serialization, and their arrays are writeable. For Ray's read-only arrays,
    numba would compile every kernel a second time.

    Args:
        task: the worker's task.
        chunk: a pickled tuple, the arguments of the runner's ``run`` after the task.
        shared: a pickled `ChunkRunner`.

    Returns:
        A pickled `Reply`.
    """
    begin = perf_counter()
    runner, arguments = pickle.loads(shared), pickle.loads(chunk)
    answer: Any = None
    failure: Exception | None = None
    try:
        answer = runner.run(task, *arguments)
    except (TaskError, UserError) as error:
        failure = error
    reply: Reply = (answer, failure, perf_counter() - begin, resident_megabytes())
    return dump(reply)


def _in_the_request(error: TaskError, block: Block) -> TaskError:
    """The error with its individual weight setting counted within the request instead of the block."""
    if not isinstance(error.weight, int):
        return error
    return TaskError(error.task, error.genome, int(block.settings[error.weight]), error.seed, error.detail)


def dump(message: object) -> bytes:
    """Pickle a message between the driver and a worker of one run. Not for files."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
