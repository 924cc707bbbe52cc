"""Code, versions and files that workers on other machines need beside Ray.

Sources travel by Ray's ``runtime_env`` where the driver runs from a checkout. A driver that is an installed package
expects the same package on every node, as images have it; one within a submitted job, the code that the job brought
along. Modules of the user's own travel unless they are installed as packages or in the job's working directory.
Every worker compares its own sources and libraries with the driver's when it starts (`workers.ray.arrival`).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from envs.task import ReadsFiles, modules_of
from wann.errors import UserError
from workers.evaluable import EvaluableTask
from workers.ray.objects import put
from workers.ray.private import JOB_VARIABLE
from workers.ray.worker_process import dump_task

# All that evaluation imports of this project.
PACKAGES = ("envs", "wann", "workers")
SOURCES = "the project's sources"
# Libraries that decide returns. A node may lack what its task does not use.
_LIBRARIES = ("numpy", "numba", "gymnasium", "envpool", "Box2D")


@dataclass(frozen=True)
class Shipment:
    """References to the arguments with which each worker starts, and the versions that it must have itself."""

    task: Any
    files: Mapping[str, Any]  # by name below the cache directory
    versions: Mapping[str, str]
    modules: tuple[str, ...] = ()  # of the user, that the task needs

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Of an actor's ``start``, each as Ray takes it."""
        return self.task, self.files, self.versions, self.modules


def pack(task: EvaluableTask, elsewhere: bool) -> Shipment:
    """Store a task for workers; with its files and the driver's versions where they may run ``elsewhere``."""
    # A task reads this machine's files by itself.
    contents: dict[str, bytes] = task.data_files() if elsewhere and isinstance(task, ReadsFiles) else {}
    files = {name: put(content) for name, content in contents.items()}
    modules = modules_of(task)
    return Shipment(put(dump_task(task)), files, versions(modules) if elsewhere else {}, modules)


def runtime_env(own: Mapping[str, Any], modules: tuple[str, ...] = ()) -> dict[str, Any]:
    """Ray's ``runtime_env`` of a driver that joins a cluster: the user's ``own`` settings, and code that must be sent.

    Raises:
        UserError: one of the user's ``modules`` is no file or directory.
    """
    paths = [] if _is_installed(_home("wann")) or _job_brings_code() else [_home(name) for name in PACKAGES]
    paths += [home for home in map(_home, _top_level(modules)) if not (_is_installed(home) or _is_in_job(home))]
    if not paths:
        return dict(own)
    sent = [*own.get("py_modules", ()), *(str(path) for path in dict.fromkeys(paths))]
    return {**own, "py_modules": sent, "excludes": ["**/__pycache__"]}


def versions(modules: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of all that decides returns in this process: digests of sources, and of the libraries installed.

    Args:
        modules: of the user. One that cannot be found has no version.
    """
    found = {SOURCES: _digest(PACKAGES)}
    for name in _top_level(modules):
        if _spec(name) is not None:
            found[source_name(name)] = _digest((name,))
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def source_name(module: str) -> str:
    """The name of a user's module among versions."""
    return f"module {module!r}"


def _top_level(modules: tuple[str, ...]) -> tuple[str, ...]:
    """``a`` of ``a.b``; this project's own packages and Python's are sent, or there, anyway."""
    names = dict.fromkeys(name.partition(".")[0] for name in modules)
    return tuple(name for name in names if name not in PACKAGES and name not in sys.stdlib_module_names)


def _home(module: str) -> Path:
    """The directory of a package, or the file of a module.

    Raises:
        UserError: it has neither.
    """
    spec = _spec(module)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        return Path(spec.origin).resolve()
    raise UserError(
        key="task",
        expected=f"module {module!r} as a file or a directory, to be sent to workers",
        found="none" if spec is None else str(spec.origin),
    )


def _spec(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except ValueError:  # It was made by hand, without a specification.
        return None


@lru_cache(maxsize=8)
def _digest(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        home = _home(module)
        root = home if home.is_dir() else home.parent
        paths = home.rglob("*.py") if home.is_dir() else (home,)
        for path in sorted(paths, key=lambda path: path.relative_to(root).as_posix()):
            digest.update(f"{module}/{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _is_installed(home: Path) -> bool:
    """As a package; an editable installation is a checkout."""
    return any(home.is_relative_to(Path(sysconfig.get_path(kind)).resolve()) for kind in ("purelib", "platlib"))


def _job_brings_code() -> bool:
    try:
        brought = json.loads(os.environ.get(JOB_VARIABLE, "{}")).get("runtime_env", {})
    except ValueError:
        return False
    return bool(brought.keys() & {"working_dir", "py_modules"})


def _is_in_job(home: Path) -> bool:
    """Whether it is in the working directory that a job brought along, which every node has."""
    return _job_brings_code() and home.is_relative_to(Path.cwd().resolve())
