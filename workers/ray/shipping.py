"""What workers on other machines need beside Ray: the project's sources, the driver's versions, and a task's files.

Sources travel by Ray's ``runtime_env`` where the driver runs from a checkout. A driver that is an installed package
expects the same package on every node, as images have it; one within a submitted job, what the job brought along.
Every worker holds its own sources and libraries against the driver's when it starts (`workers.ray.arrival`).
"""

from __future__ import annotations

import hashlib
import json
import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from envs.task import ReadsFiles, Task
from workers.ray.worker_process import dump_task

# All that evaluation imports of this project.
PACKAGES = ("envs", "wann", "workers")
SOURCES = "the project's sources"
# What decides returns. A node may lack what its task does not use.
_LIBRARIES = ("numpy", "numba", "gymnasium", "envpool", "Box2D")
# Ray's name for the environment variable that marks a submitted job, and what the job brought along.
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"


@dataclass(frozen=True)
class Shipment:
    """References to what each worker takes when it starts, and the versions that it must have itself."""

    task: Any
    files: Mapping[str, Any]  # by name below the cache directory
    versions: Mapping[str, str]


def pack(task: Task, elsewhere: bool) -> Shipment:
    """Store a task for workers; with its files and the driver's versions where they may run ``elsewhere``."""
    from workers.ray.cluster import put

    # A task reads this machine's files by itself.
    contents: dict[str, bytes] = task.data_files() if elsewhere and isinstance(task, ReadsFiles) else {}
    files = {name: put(content) for name, content in contents.items()}
    return Shipment(put(dump_task(task)), files, versions() if elsewhere else {})


def runtime_env(own: Mapping[str, Any]) -> dict[str, Any]:
    """Ray's ``runtime_env`` of a driver that joins a cluster: ``own`` settings of the user, and sources if need be."""
    found = dict(own)
    if not (_is_installed() or _job_brings_code()):
        found |= {"py_modules": [str(_directory(name)) for name in PACKAGES], "excludes": ["**/__pycache__"]}
    return found


def job_address() -> str | None:
    """Of the cluster that runs this process as a submitted job; None if none does."""
    return os.environ.get("RAY_ADDRESS", "auto") if _JOB in os.environ else None


def versions() -> dict[str, str]:
    """Of what decides returns in this process: a digest of the sources, and the libraries that are installed."""
    found = {SOURCES: _source_digest()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _directory(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@lru_cache(maxsize=1)
def _source_digest() -> str:
    digest = hashlib.sha256()
    for package in PACKAGES:
        root = _directory(package)
        for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _is_installed() -> bool:
    """As a wheel; an editable installation is a checkout."""
    return _directory("wann").is_relative_to(sysconfig.get_path("purelib"))


def _job_brings_code() -> bool:
    try:
        brought = json.loads(os.environ.get(_JOB, "{}")).get("runtime_env", {})
    except ValueError:
        return False
    return bool(brought.keys() & {"working_dir", "py_modules"})
