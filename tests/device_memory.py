"""Devices that tests of torch run on, and the most memory that something takes there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

try:
    import torch
except ImportError:  # tests that need it skip themselves
    torch = None

_NO_GPU = torch is None or not torch.cuda.is_available()
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(_NO_GPU, reason="no GPU"))]


def peak_bytes(device: str, action: Callable[[], object]) -> int:
    """Memory of tensors and of operators' own allocations, at the worst moment of the action."""
    if device == "cuda":
        action()  # its library keeps what it takes first
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        action()
        return torch.cuda.max_memory_allocated() - before
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        action()
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return int(np.cumsum([event.nbytes() for event in events]).max())
