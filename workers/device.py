"""The device of evaluation: kernels on the processor, or torch on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.task import OnDevice, ReadsFiles, Returns, Seeds, Weights, is_safe_at_home, modules_of
from wann.errors import UserError, did_you_mean
from wann.genome import Genome
from wann.gradients import Gradients, Pairs
from wann.network import Network, Networks
from workers.evaluable import EvaluableTask

DEVICES = ("auto", "cpu", "cuda")
# The file that NVIDIA's driver creates on Linux. Elsewhere torch is asked, which takes seconds to import.
_DRIVER = Path("/dev/nvidiactl")


@dataclass(frozen=True)
class DeviceTask:
    """A task for evaluators whose networks are computed by torch on ``device``; see `envs.task.OnDevice`.

    Its other abilities (see `envs.task`) are those of the task itself.
    """

    task: OnDevice
    device: str
    memory_bytes: int
    at_home: bool = True  # the driver's machine has such a device

    @property
    def name(self) -> str:
        return self.task.name

    @property
    def num_inputs(self) -> int:
        return self.task.num_inputs

    @property
    def num_outputs(self) -> int:
        return self.task.num_outputs

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        from wann.torch.batch import TorchBackend

        return self.task.evaluate_by(TorchBackend(self.device, self.memory_bytes), networks, weights, seeds)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        return self.task.evaluate_oracle(network, weights, seeds)

    def gradients(self, genome: Genome, weights: NDArray, seeds: Seeds, pairs: Sequence[Pairs]) -> Gradients:
        from wann.torch import gradients as torch_gradients

        batch = self.task.batch_of(int(np.ravel(seeds)[0]))
        return torch_gradients.gradients(genome, weights, batch, pairs, self.device, self.memory_bytes)

    def data_files(self) -> dict[str, bytes]:
        return self.task.data_files() if isinstance(self.task, ReadsFiles) else {}

    @property
    def modules(self) -> tuple[str, ...]:
        return modules_of(self.task)

    @property
    def safe_at_home(self) -> bool:
        return is_safe_at_home(self.task) and self.at_home


def on_device(
    task: EvaluableTask, device: str, memory_bytes: int, elsewhere: bool = False
) -> tuple[EvaluableTask, str]:
    """The task in the form that runs on the device, and the device in words for the log.

    Args:
        task: any task; only one that is `OnDevice` runs on a GPU.
        device: ``auto``, ``cpu`` or ``cuda``; only ``auto`` falls back.
        memory_bytes: limit on the memory of values on a GPU.
        elsewhere: workers are on other machines. Then their GPUs count, and the workers look for them.

    Raises:
        UserError: the device is unknown or not present, or the task cannot use it.
    """
    if device not in DEVICES:
        raise UserError(
            key="workers.device",
            expected=f"one of {', '.join(DEVICES)}",
            found=f"{device!r}{did_you_mean(device, DEVICES)}",
        )
    if device == "cpu":
        return task, "CPU"
    if not isinstance(task, OnDevice):
        if device == "auto":
            return task, "CPU (device auto: no CUDA evaluator for this task)"
        raise UserError(
            key="workers.device",
            expected=f"'auto' or 'cpu' for task {task.name!r}, which has no CUDA evaluator",
            found="'cuda'",
        )
    found = _cuda_device(ask_torch=device == "cuda" and not elsewhere)
    if elsewhere and device == "cuda":
        return DeviceTask(task, "cuda", memory_bytes, at_home=found is not None), "CUDA (the cluster's GPUs)"
    if found is None and device == "auto":
        return task, "CPU (device auto: no CUDA device found)"
    if found is None:
        raise _no_cuda(remedy="'auto' takes the CPU")
    return DeviceTask(task, "cuda", memory_bytes), found


def check_cuda(task: EvaluableTask) -> None:
    """Refuse a task that needs a GPU on a machine without one.

    Raises:
        UserError: this machine has no GPU that torch can use.
    """
    if isinstance(task, DeviceTask) and task.device == "cuda" and _cuda_device(ask_torch=True) is None:
        raise _no_cuda()


def _no_cuda(remedy: str = "") -> UserError:
    return UserError(key="workers.device", expected="a CUDA device that torch can use", found="none", remedy=remedy)


def _cuda_device(ask_torch: bool) -> str | None:
    """The GPU's name, or None if there is none."""
    if not (ask_torch or _DRIVER.exists()):
        return None
    try:
        import torch
    except ImportError:
        return None
    torch_cuda: Any = torch.cuda
    return f"CUDA ({torch_cuda.get_device_name(0)})" if torch_cuda.is_available() else None
