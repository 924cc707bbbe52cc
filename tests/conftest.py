"""Fixtures of several test directories, and the order of all tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lacking import lacks
from workers.ray.cluster import RaySession, connect

# Kernels are compiled while the first example is drawn, which takes seconds and says nothing of the strategy.
settings.register_profile("kernels", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kernels")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, by their time limits and marks, so that no core waits for one of them at the end."""

    def place(item: pytest.Item) -> tuple[float, bool]:
        limit = item.get_closest_marker("timeout")
        return -(limit.args[0] if limit else 0.0), item.get_closest_marker("slow") is None

    items.sort(key=place)


@pytest.fixture(scope="session")
def ray_session() -> Iterator[RaySession]:
    """One local Ray for all tests: starting it takes four seconds."""
    session = connect(4, None)
    yield session
    session.close()


@pytest.fixture
def no_work_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is overtaken, so that a call lasts until the driver knows of each death, however busy the machine."""
    monkeypatch.setattr("workers.ray.dispatch._LATE_SECONDS", 1e6)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 64 KiB; mounting one needs root, and without it continuous integration fails."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        reason = mounted.stderr.strip() if mounted.returncode else ""
    except FileNotFoundError as error:
        reason = str(error)
    if reason:
        lacks(f"a full disk: cannot mount a small file system ({reason})")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
