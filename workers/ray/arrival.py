"""What a worker does when it starts: compare its versions with the driver's, keep a task's files, load the task."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envs.task import Task
from wann.cache import cache_directory
from workers.device import check_cuda
from workers.ray.shipping import SOURCES, versions
from workers.ray.worker_process import load_task


def arrive(message: bytes, files: Mapping[str, Any], expected: Mapping[str, str]) -> tuple[Task | None, str | None]:
    """The task, ready to be run; or None and, in one sentence, why it cannot run here.

    Args:
        message: from `workers.ray.worker_process.dump_task`.
        files: references to their contents by name below the cache directory. What this machine has is not fetched.
        expected: the driver's `workers.ray.shipping.versions`; empty where nothing can differ.
    """
    mistake = difference(expected, versions() if expected else {}) or _keep_all(files)
    if mistake is not None:
        return None, f"{mistake} on node {_node()}"
    task = load_task(message)
    mistake = check_cuda(task)
    return (task, None) if mistake is None else (None, f"{mistake} on node {_node()}")


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """The first library, or the sources, that both have in different versions."""
    for name, version in expected.items():
        if found.get(name, version) != version:
            kept = "run from one checkout, or install one build" if name == SOURCES else "install requirements.lock"
            return (
                f"workers.address: expected {name} {version} on every node, as in the driver ({kept} everywhere), "
                f"found {found[name]}"
            )
    return None


def _keep_all(files: Mapping[str, Any]) -> str | None:
    path = cache_directory()
    try:
        for name, reference in files.items():
            path = cache_directory() / name
            _keep(path, reference)
    except OSError as error:
        return (
            f"task: expected to keep {path}, which this task reads, in a directory that can be written "
            f"(WANN_CACHE_DIR), found none ({error.strerror})"
        )
    return None


def _keep(path: Path, reference: Any) -> None:
    """Write a file that is not there, whole or not at all; one worker of a machine does, the others wait."""
    import ray

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.part")
    with aside.open("ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        if path.exists():
            aside.unlink(missing_ok=True)
            return
        part.truncate(0)
        part.write(ray.get(reference))
        part.flush()
        os.replace(aside, path)


def _node() -> str:
    import ray

    return str(ray.util.get_node_ip_address())
