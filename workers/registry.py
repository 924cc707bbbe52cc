"""Evaluators by the name that a config gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from envs.task import Task
from wann.errors import UserError, did_you_mean
from workers.device import DeviceTask, on_device
from workers.evaluator import Evaluator, InlineEvaluator


@dataclass(frozen=True)
class Place:
    """Where and how a task is to be evaluated; see `make_evaluator`."""

    num_workers: int | None
    address: str | None
    timeout_seconds: float
    device: str  # as words for the log
    parallel: int
    runtime_env: Mapping[str, Any]


EvaluatorFactory = Callable[[Task, Place], Evaluator]


def _inline(task: Task, place: Place) -> Evaluator:
    if place.address is not None:
        raise UserError(
            f"workers.address: expected evaluator 'ray' beside the address {place.address!r}, found 'inline'"
        )
    return InlineEvaluator(task, place.device)


def _ray(task: Task, place: Place) -> Evaluator:
    from workers.ray.cluster import find_cluster
    from workers.ray.evaluator import RayEvaluator
    from workers.ray.shipping import job_address

    address = job_address() if place.address is None else place.address
    if address is not None:
        find_cluster(address)  # A wrong address is to be said before a run is begun.

    return RayEvaluator(
        task,
        place.num_workers,
        address,
        timeout_seconds=place.timeout_seconds,
        device=place.device,
        on_gpus=isinstance(task, DeviceTask),
        parallel=place.parallel,
        runtime_env=place.runtime_env,
    )


EVALUATORS: dict[str, EvaluatorFactory] = {"inline": _inline, "ray": _ray}


def make_evaluator(
    task: Task,
    evaluator: str,
    num_workers: int | None = None,
    device: str = "auto",
    address: str | None = None,
    timeout_seconds: float = 600.0,
    device_megabytes: int = 1024,
    parallel: int = 1,
    runtime_env: Mapping[str, Any] | None = None,
) -> Evaluator:
    """Build the evaluator that the config's ``workers`` section names; entering its context starts it.

    Args:
        task: what to evaluate on.
        evaluator: a key of `EVALUATORS`.
        num_workers: of ``ray``; None for one per CPU.
        device: ``auto``, ``cpu`` or ``cuda``; only ``auto`` falls back.
        address: of the Ray cluster to join; None starts Ray on this machine.
        timeout_seconds: of ``ray``: a worker that takes longer for one chunk counts as hanging.
        device_megabytes: that the values of a chunk of networks may take on a GPU.
        parallel: of ``ray``: searches that share the workers, each with its part of them.
        runtime_env: further settings of Ray's ``runtime_env`` for the workers, such as ``pip``.

    Raises:
        UserError: an unknown name, fewer than one worker, a device this task cannot use, no cluster at the address, or
            an address for ``inline``.
    """
    if evaluator not in EVALUATORS:
        raise UserError(
            f"workers.evaluator: expected one of {', '.join(EVALUATORS)}, found {evaluator!r}"
            f"{did_you_mean(evaluator, EVALUATORS)}"
        )
    elsewhere = evaluator == "ray" and address is not None
    task, words = on_device(task, device, device_megabytes * 2**20, elsewhere)
    if num_workers is not None and num_workers < 1:
        raise UserError(f"workers.num_workers: expected at least 1, found {num_workers}")
    return EVALUATORS[evaluator](task, Place(num_workers, address, timeout_seconds, words, parallel, runtime_env or {}))
