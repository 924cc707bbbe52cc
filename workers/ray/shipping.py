"""Code, versions and files that workers on other machines need in addition to Ray.

If the driver runs from a checkout, its sources are sent by Ray's ``runtime_env``. A driver from an installed package
expects the same package on every node, for example in an image. A driver within a submitted job expects the code in the
job's working directory. The user's own modules are sent unless they are installed as packages or in the job's working
directory. Every worker compares its own sources and libraries with the driver's when it starts (`workers.ray.arrival`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
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

# Packages of this project that evaluation imports.
PACKAGES = ("envs", "wann", "workers")
SOURCES = "the project's sources"
# Libraries that affect returns. A node may lack those that its task does not use.
_LIBRARIES = ("numpy", "numba", "gymnasium", "Box2D")


@dataclass(frozen=True)
class Shipment:
    """References to the arguments that each worker starts with, and the versions that it must have itself."""

    task: Any
    files: Mapping[str, Any]  # by name below the cache directory
    versions: Mapping[str, str]
    modules: tuple[str, ...] = ()  # the user's modules that the task needs

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Arguments of an actor's ``start``, in the form that Ray takes."""
        return self.task, self.files, self.versions, self.modules


def pack(task: EvaluableTask, elsewhere: bool) -> Shipment:
    """Store a task for workers, with its files and the driver's versions if they may run ``elsewhere``."""
    # On this machine the task reads its files itself.
    contents: dict[str, bytes] = task.data_files() if elsewhere and isinstance(task, ReadsFiles) else {}
    files = {name: put(content) for name, content in contents.items()}
    modules = modules_of(task)
    return Shipment(put(dump_task(task)), files, versions(modules) if elsewhere else {}, modules)


def runtime_env(own: Mapping[str, Any], modules: tuple[str, ...] = ()) -> dict[str, Any]:
    """Ray's ``runtime_env`` for a driver that joins a cluster: the user's ``own`` settings, and the code to send.

    Raises:
        UserError: one of the user's ``modules`` is not a file or a directory.
    """
    paths = [] if _is_installed(_home("wann")) or _job_brings_code() else [_home(name) for name in PACKAGES]
    paths += [home for home in map(_home, _top_level(modules)) if not (_is_installed(home) or _is_in_job(home))]
    if not paths:
        return dict(own)
    sent = [*own.get("py_modules", ()), *(str(path) for path in dict.fromkeys(paths))]
    return {**own, "py_modules": sent, "excludes": ["**/__pycache__"]}


def with_interpreter(environment: Mapping[str, Any]) -> dict[str, Any]:
    """A ``runtime_env`` that works where a space, or another sign of the shell's, is in this interpreter's path.

    Ray gives the path to a shell as it is, and workers would never start. Without any setting it uses no shell.
    """
    quoted = shlex.quote(sys.executable)
    needed = environment and quoted != sys.executable
    return {**({"py_executable": quoted} if needed else {}), **environment}


def versions(modules: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of the code that affects returns in this process: digests of sources, and versions of libraries.

    Args:
        modules: the user's. A module that cannot be found has no version.
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
    """The key of a user's module among versions."""
    return f"module {module!r}"


def _top_level(modules: tuple[str, ...]) -> tuple[str, ...]:
    """The top-level names, such as ``a`` for ``a.b``, without those of this project and Python: they are not sent."""
    names = dict.fromkeys(name.partition(".")[0] for name in modules)
    return tuple(name for name in names if name not in PACKAGES and name not in sys.stdlib_module_names)


def _home(module: str) -> Path:
    """The directory of a package, or the file of a module.

    Raises:
        UserError: the module has neither.
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
    except ValueError:  # The module was made by hand, without a specification.
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
    """True if the code is installed as a package. An editable installation counts as a checkout."""
    return any(home.is_relative_to(Path(sysconfig.get_path(kind)).resolve()) for kind in ("purelib", "platlib"))


def _job_brings_code() -> bool:
    try:
        brought = json.loads(os.environ.get(JOB_VARIABLE, "{}")).get("runtime_env", {})
    except ValueError:
        return False
    return bool(brought.keys() & {"working_dir", "py_modules"})


def _is_in_job(home: Path) -> bool:
    """True if the code is in the working directory of a submitted job, which every node has."""
    return _job_brings_code() and home.is_relative_to(Path.cwd().resolve())
