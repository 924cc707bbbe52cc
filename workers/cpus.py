"""The number of CPUs that this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def num_cpus(cgroups: Path = _CGROUPS, own_groups: Path = _OWN_GROUPS) -> int:
    """CPUs of this process: those of its affinity mask, or the quota of its container if that is less.

    Args:
        cgroups: where the system mounts control groups.
        own_groups: the file that lists the groups of this process.
    """
    mask = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(cgroups, own_groups)
    return mask if quota is None else max(1, min(mask, ceil(quota)))


def cpu_quota(cgroups: Path, own_groups: Path) -> float | None:
    """CPUs that control groups (version 1 or 2) allow this process; None without a limit."""
    return min(_quotas(cgroups, own_groups), default=None)


def _quotas(cgroups: Path, own_groups: Path) -> Iterator[float]:
    """Limits of this process's group and of every group above it. The tightest one applies."""
    for group in _groups(cgroups, own_groups):
        with suppress(OSError, ValueError):  # Version 2: "max 100000" or "150000 100000".
            quota, period = (group / "cpu.max").read_text().split()[:2]
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):  # Version 1, where -1 is no limit.
            microseconds = int((group / "cpu.cfs_quota_us").read_text())
            if microseconds > 0:
                yield microseconds / int((group / "cpu.cfs_period_us").read_text())


def _groups(cgroups: Path, own_groups: Path) -> Iterator[Path]:
    """Directories of control groups. In a container, those of the process may be mounted at the root."""
    names = ["/"]
    with suppress(OSError, ValueError):
        for line in own_groups.read_text().splitlines():  # 0::/a/b, or 4:cpu,cpuacct:/a/b
            _, controllers, name = line.split(":", 2)
            names += [name] if not controllers or "cpu" in controllers.split(",") else []
    for root in (cgroups, cgroups / "cpu", cgroups / "cpu,cpuacct"):
        for name in dict.fromkeys(names):
            group = root / name.lstrip("/")
            yield group
            yield from (above for above in group.parents if above.is_relative_to(root))
