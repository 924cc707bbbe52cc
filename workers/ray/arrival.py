"""The start of a worker: compare versions with the driver's, keep a task's files, load the task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wann.cache import cache_directory
from wann.errors import UserError
from wann.platform import file_locks
from workers.device import check_cuda
from workers.evaluable import EvaluableTask
from workers.ray.objects import get
from workers.ray.shipping import SOURCES, source_name, versions
from workers.ray.worker_process import load_task


def arrive(
    message: bytes, files: Mapping[str, Any], expected: Mapping[str, str], modules: tuple[str, ...] = ()
) -> tuple[EvaluableTask | None, UserError | None]:
    """The task, ready to run; or None and the reason why it cannot run here, which names this node.

    Args:
        message: from `workers.ray.worker_process.dump_task`.
        files: references to contents by name below the cache directory. Files that this machine has are not fetched.
        expected: the driver's `workers.ray.shipping.versions`; empty if nothing can differ.
        modules: the user's modules that the task needs.
    """
    try:
        if expected:
            check_versions(expected, versions(modules), modules)
        _keep_all(files)
        task = load_task(message)
        check_cuda(task)
    except UserError as mistake:
        return None, mistake.at(found=f"{mistake.found} on node {_node()}")
    return task, None


def check_versions(expected: Mapping[str, str], found: Mapping[str, str], modules: tuple[str, ...] = ()) -> None:
    """Compare the versions that a driver and a worker both have. The worker must have ``modules``.

    Raises:
        UserError: names the first library or source that differs.
    """
    sources = {SOURCES: "run from one checkout, or install one build, everywhere"}
    sources |= {source_name(name.partition(".")[0]): "use one copy of it everywhere" for name in modules}
    for name, version in expected.items():
        own = found.get(name, "none" if name in sources else version)
        if own != version:
            raise UserError(
                key="workers.address",
                expected=f"{name} {version} on every node, as in the driver",
                found=own,
                remedy=sources.get(name, "install requirements.lock everywhere"),
            )


def _keep_all(files: Mapping[str, Any]) -> None:
    path = cache_directory()
    try:
        for name, reference in files.items():
            path = cache_directory() / name
            _keep(path, reference)
    except OSError as error:
        raise UserError(
            key="task",
            expected=f"to keep {path}, which this task reads, in a directory that can be written (WANN_CACHE_DIR)",
            found=f"none ({error.strerror})",
        ) from error


def _keep(path: Path, reference: Any) -> None:
    """Write a missing file atomically. One worker of a machine does so while the others wait."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    locks = file_locks()
    aside = path.with_name(f"{path.name}.part")
    with aside.open("ab") as part:
        locks.flock(part, locks.LOCK_EX)
        if path.exists():
            aside.unlink(missing_ok=True)
            return
        part.truncate(0)
        part.write(get(reference))
        part.flush()
        os.replace(aside, path)


def _node() -> str:
    import ray

    return str(ray.util.get_node_ip_address())
