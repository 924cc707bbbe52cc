"""Quotas of containers, by the files in which Linux tells them."""

import os
from pathlib import Path

import pytest

from workers.cpus import cpu_quota, num_cpus


def write(directory: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """Mounted control groups and the list of the process's own, from contents by path."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory / "fs", directory / "own"


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"fs/cpu.max": "max 100000\n", "own": "0::/\n"}, None),
        ({"fs/cpu.max": "100000 100000\n", "own": "0::/\n"}, 1.0),
        ({"fs/cpu.max": "150000 100000\n"}, 1.5),
        ({"fs/a/cpu.max": "max 100000\n", "fs/a/b/cpu.max": "50000 100000\n", "own": "0::/a/b\n"}, 0.5),
        ({"fs/a/cpu.max": "200000 100000\n", "fs/a/b/cpu.max": "max 100000\n", "own": "0::/a/b\n"}, 2.0),
        ({"fs/cpu/cpu.cfs_quota_us": "-1\n", "fs/cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"fs/cpu/cpu.cfs_quota_us": "100000\n", "fs/cpu/cpu.cfs_period_us": "100000\n"}, 1.0),
        (
            {
                "fs/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "300000\n",
                "fs/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
                "fs/cpu/other/cpu.cfs_quota_us": "100000\n",
                "fs/cpu/other/cpu.cfs_period_us": "100000\n",
                "own": "5:memory:/other\n4:cpu,cpuacct:/docker/x\n",
            },
            3.0,
        ),
        ({"fs/cpu.max": "nonsense\n"}, None),
    ],
)
def test_the_tightest_quota_holds(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert cpu_quota(*write(tmp_path, files)) == quota


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity masks")
def test_a_quota_lowers_the_number_of_cpus_and_never_raises_it(tmp_path: Path) -> None:
    mask = len(os.sched_getaffinity(0))
    for text, expected in (("10000 100000", 1), ("110000 100000", min(2, mask)), ("99900000 100000", mask)):
        assert num_cpus(*write(tmp_path, {"fs/cpu.max": text})) == expected
