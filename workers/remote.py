"""What runs inside a worker process."""

from __future__ import annotations

import pickle
from contextlib import suppress
from time import perf_counter

import numpy as np

from envs.task import Returns, Task
from wann.errors import UserError
from wann.genome import minimal_genome
from wann.network import Networks, compile_genome
from workers.blocks import Block
from workers.evaluator import TaskError, evaluate_or_locate, task_or_oracle
from workers.memory import resident_megabytes

# (returns or None, error or None, seconds, megabytes that the worker holds)
Reply = tuple[Returns | None, Exception | None, float, float]


def dump_task(task: Task) -> bytes:
    """What a worker starts with: the task, and a network without connections to warm up on."""
    from ray import cloudpickle

    enabled = np.zeros((task.num_inputs + 1) * task.num_outputs, bool)
    network = compile_genome(minimal_genome(task.num_inputs, task.num_outputs, enabled))
    return cloudpickle.dumps((task, Networks.of([network])))


def load_task(message: bytes) -> Task:
    """Unpack the task and load or compile its kernels by one rollout."""
    task, networks = pickle.loads(message)
    with suppress(Exception, SystemExit):  # A real request reports it, with the genome's name.
        task.evaluate(networks, np.ones(1), [0])
    return task


def run_chunk(task: Task, chunk: bytes, shared: bytes) -> bytes:
    """Evaluate and time one chunk; the task's errors are returned, so that they arrive as they are.

    Plain pickles are a third of the cost of Ray's own, and their arrays can be written to: numba would
    compile every kernel a second time for Ray's read-only ones.

    Args:
        task: what to evaluate on.
        chunk: pickled (rows [p] of the whole request, p networks, p individual weights or None, their block of
            the rollouts).
        shared: pickled (shared weights or None, seeds, whether the oracle runs them).

    Returns:
        A pickled `Reply`.
    """
    begin = perf_counter()
    rows, networks, individual, block = pickle.loads(chunk)
    weights, seeds, oracle = pickle.loads(shared)
    own = block.weights(weights if individual is None else individual)
    returns: Returns | None = None
    failure: Exception | None = None
    try:
        returns = evaluate_or_locate(task_or_oracle(task, oracle), networks, own, block.seeds(seeds), rows)
    except TaskError as error:
        failure = _in_the_request(error, block)
    except UserError as error:
        failure = error
    reply: Reply = (returns, failure, perf_counter() - begin, resident_megabytes())
    return dump(reply)


def _in_the_request(error: TaskError, block: Block) -> TaskError:
    """An individual weight setting is counted within the block."""
    if not isinstance(error.weight, int):
        return error
    return TaskError(error.task, error.genome, int(block.settings[error.weight]), error.seed, error.detail)


def dump(message: object) -> bytes:
    """Pickle a message between the driver and a worker of one run; never a file."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
