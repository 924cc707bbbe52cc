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


# Modules that compile the largest kernels, by simulator. They come first, and one process has all those of a simulator:
# it compiles, and later modules load.
SIMULATORS = {
    f"tests/envs/box2d/test_{name}.py": simulator
    for simulator, names in {
        "walker": ("walker_lanes", "walker", "engine", "faithful"),
        "racer": ("racer_episodes", "racer", "cars", "car_simulators", "encoder"),
    }.items()
    for name in names
}


def module_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def scope_of(nodeid: str) -> str:
    """Tests of one scope run in one process.

    Each page of the docs is a scope, since pages take minutes, and so is each test that starts a Ray of its own.
    """
    module = module_of(nodeid)
    alone = module == "tests/workers/ray/test_session.py" or (
        module == "tests/test_docs.py" and "every_command" in nodeid
    )
    return nodeid if alone else SIMULATORS.get(module, module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, by their time limits and marks, so that no core waits for one of them at the end."""

    def place(item: pytest.Item) -> tuple[bool, float, bool]:
        limit = item.get_closest_marker("timeout")
        slow = item.get_closest_marker("slow") is not None
        return slow or module_of(item.nodeid) not in SIMULATORS, -(limit.args[0] if limit else 0.0), not slow

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A process takes a scope at a time; see `scope_of`."""
    from xdist.scheduler import LoadScopeScheduling

    class BySimulator(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return BySimulator(config, log)


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
