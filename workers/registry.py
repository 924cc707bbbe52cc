"""The registry of evaluators by name in a config. A new evaluator is a function here and a line in `EVALUATORS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from envs.task import Task
from wann.errors import UserError, did_you_mean
from workers.device import DeviceTask, on_device
from workers.evaluable import EvaluableTask
from workers.evaluator import Evaluator
from workers.inline import InlineEvaluator


@dataclass(frozen=True)
class EvaluatorOptions:
    """The ``workers`` section of a config, and a search's share of workers that other searches use too."""

    evaluator: str = "ray"
    """A key of `EVALUATORS`."""
    num_workers: int | None = None
    """Number of workers of ``ray``; None for one per CPU."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``; only ``auto`` falls back."""
    device_megabytes: int = 1024
    """Limit on the memory of the values of a chunk of networks on a GPU."""
    address: str | None = None
    """Ray cluster to join. None: the cluster that runs this process as a job, else a Ray on this machine."""
    timeout_seconds: float = 600.0
    """Time limit of one chunk for ``ray`` (s). A worker that takes longer is considered hung."""
    parallel: int = 1
    """Number of searches that share the workers of ``ray``, each with its part of them."""
    runtime_env: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of Ray's ``runtime_env`` for the workers, such as ``pip``."""


# Makes an evaluator for a task on a device, which is given in words. Entering the evaluator's context starts it.
EvaluatorFactory = Callable[[EvaluableTask, EvaluatorOptions, str], Evaluator]


def _inline(task: EvaluableTask, options: EvaluatorOptions, device: str) -> Evaluator:
    return InlineEvaluator(task, device)


def _ray(task: EvaluableTask, options: EvaluatorOptions, device: str) -> Evaluator:
    from workers.ray.addresses import find_cluster
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.options import RayOptions

    if options.address is not None:
        find_cluster(options.address)  # Report a wrong address before a run is created.
    return RayEvaluator(
        task,
        RayOptions(
            options.num_workers,
            options.address,
            timeout_seconds=options.timeout_seconds,
            device=device,
            on_gpus=isinstance(task, DeviceTask),
            parallel=options.parallel,
            runtime_env=options.runtime_env,
        ),
    )


EVALUATORS: dict[str, EvaluatorFactory] = {
    "inline": _inline,  # in this process
    "ray": _ray,  # on Ray actors, of this machine or of a cluster
}


def make_evaluator(task: Task, options: EvaluatorOptions) -> Evaluator:
    """Build the evaluator that the options name. Entering its context starts it.

    Raises:
        UserError: the name is unknown, there is less than one worker, the task cannot use the device, there is no
            cluster at the address, or ``inline`` has an address.
    """
    name = options.evaluator
    if name not in EVALUATORS:
        raise UserError(
            key="workers.evaluator",
            expected=f"one of {', '.join(EVALUATORS)}",
            found=f"{name!r}{did_you_mean(name, EVALUATORS)}",
        )
    if options.num_workers is not None and options.num_workers < 1:
        raise UserError(key="workers.num_workers", expected="at least 1", found=str(options.num_workers))
    if name == "inline" and options.address is not None:
        expected = f"evaluator 'ray' beside the address {options.address!r}"
        raise UserError(key="workers.address", expected=expected, found="'inline'")
    if name == "ray":
        options = _at_its_address(options)
    memory_bytes = options.device_megabytes * 2**20
    # Workers of a cluster have devices of their own.
    placed, device = on_device(task, options.device, memory_bytes, elsewhere=options.address is not None)
    return EVALUATORS[name](placed, options, device)


def _at_its_address(options: EvaluatorOptions) -> EvaluatorOptions:
    """The options with an address. In a submitted job, it is that of the job's own cluster unless they name another."""
    from workers.ray.addresses import job_address

    return options if options.address is not None else replace(options, address=job_address())
