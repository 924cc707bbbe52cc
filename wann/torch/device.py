"""The device that torch computes on, and repeatable computation there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from wann.errors import UserError, did_you_mean

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> str:
    """The device of a name, ``cpu`` or ``cuda``; auto chooses a GPU if there is one.

    Raises:
        UserError: the name is unknown, or there is no GPU for ``cuda``.
    """
    if name not in DEVICES:
        found = f"{name!r}{did_you_mean(name, DEVICES)}"
        raise UserError(key="--device", expected=f"one of {', '.join(DEVICES)}", found=found)
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            key="--device cuda", expected="a GPU that torch can use", found="none", remedy="auto takes the CPU then"
        )
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Compute with one thread on a processor, because several would split tensors and sums by their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if device == "cpu" else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def repeatable(device: str) -> Iterator[None]:
    """Compute without gradients, by one thread on a processor, with full float32 products (TF32 keeps 10 bits)."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode(), one_thread(device):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
