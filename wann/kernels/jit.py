"""Compiled kernels: the decorators that compile them, and the cache of their machine code.

Importing this module imports numba (about half a second), so modules that import it are imported when a kernel is first
needed.
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
from numba.extending import is_jitted

from wann.cache import cache_directory
from wann.kernels.callees import callee
from wann.kernels.numba_internals import UNCOUNTED, UserProvidedCacheLocator, numba_config
from wann.kernels.turns import compile_in_turn

_ROOT = Path(__file__).resolve().parents[2]
# Packages whose modules may hold kernels.
_PACKAGES = ("wann", "evolution", "envs")
# Dotted names of such modules, in imports and in registries.
_MODULE = re.compile(rf"\b(?:{'|'.join(_PACKAGES)})(?:\.\w+)+")
_FROM_PACKAGE = re.compile(rf"from +((?:{'|'.join(_PACKAGES)})[\w.]*) +import +([\w, ]+|\([^)]*\))")


def _use_wide_vectors() -> None:
    """Let LLVM use vectors of 512 bits. It prefers 256, as a precaution for the first processors that had 512.

    Here wide ones are a fifth faster, and no bit of a result depends on it. ``NUMBA_CPU_FEATURES`` overrides this.
    """
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512vl") and not numba_config.CPU_FEATURES:
        features["prefer-256-bit"] = False
        numba_config.CPU_NAME = numba_config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
        numba_config.CPU_FEATURES = features.flatten()


def kernel_sources() -> list[Path]:
    """Every module that machine code may depend on: those that import this one, and all that those import.

    The names of files and folders are irrelevant. The order is the same on all machines.
    """
    texts = {
        path: path.read_text(encoding="utf-8") for package in _PACKAGES for path in (_ROOT / package).rglob("*.py")
    }
    found = {Path(__file__).resolve(), *(path for path, text in texts.items() if __name__ in text)}
    waiting = list(found)
    while waiting:
        for name in _modules_named_in(texts[waiting.pop()]):
            path = _ROOT.joinpath(*name.split("."))
            for module in (path.with_suffix(".py"), path / "__init__.py"):
                if module in texts and module not in found:
                    found.add(module)
                    waiting.append(module)
    return sorted(found, key=lambda path: path.relative_to(_ROOT).as_posix())


def _modules_named_in(text: str) -> Iterator[str]:
    """Dotted names in a source that may be modules."""
    yield from _MODULE.findall(text)
    for package, names in _FROM_PACKAGE.findall(text):
        yield from (f"{package}.{name}" for name in re.findall(r"\w+", names))


@cache
def _digested_modules() -> frozenset[str]:
    return frozenset(".".join(path.relative_to(_ROOT).with_suffix("").parts) for path in kernel_sources())


def is_digested(module: str) -> bool:
    """True if the module of a dotted name is covered by the digest of the machine code's cache."""
    return module in _digested_modules()


@cache
def _kernel_cache() -> str | None:
    """A folder named after a digest of all kernel sources, or None if nothing can be written.

    numba notices a change in a function's own file, but not in the files of functions it calls. The folder's name
    covers those.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in kernel_sources():
        digest.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    directory = cache_directory() / f"kernels-{digest.hexdigest()[:16]}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warnings.warn(f"kernels are compiled anew in each process: {error}", stacklevel=2)
        return None
    return str(directory)


class ContentLocator(UserProvidedCacheLocator):
    """Finds machine code independent of its source's path and time, because the folder's name covers the content.

    Sources that a cluster sends to its nodes have another path each time, and compiling takes half a minute.
    """

    def __init__(self, function: Any, file: str) -> None:
        super().__init__(function, file)
        # Two modules with the same name in different folders must not share an index.
        folder = Path(file).resolve().parent
        below = folder.relative_to(_ROOT).parts if folder.is_relative_to(_ROOT) else (folder.name,)
        self._cache_path = str(Path(numba_config.CACHE_DIR).joinpath(*below))

    def get_source_stamp(self) -> str:
        return ""


_use_wide_vectors()


def is_first_use() -> bool:
    """True if kernels have to be compiled, because the cache has none of this version."""
    directory = _kernel_cache()
    return directory is None or not any(Path(directory).rglob("*.nbc"))


def jit(function: Callable) -> Any:
    """Compile without fast-math, so that results are the same in every lane position and batch.

    No flag here allows reassociation or contraction to fused multiply-add; kernels call no maths
    library. Hence a lane's bits do not depend on the vector width of the machine.

    One process compiles a kernel; others that need it meanwhile wait for it (`wann.kernels.turns`).
    """
    directory = _kernel_cache()
    if directory is None:
        return uncached(function)
    before = numba_config.CACHE_DIR, numba_config.CACHE_LOCATOR_CLASSES
    numba_config.CACHE_DIR, numba_config.CACHE_LOCATOR_CLASSES = directory, f"{__name__}.ContentLocator"
    try:
        kernel = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    finally:
        numba_config.CACHE_DIR, numba_config.CACHE_LOCATOR_CLASSES = before
    compile_in_turn(kernel)
    return kernel


def part(function: Callable) -> Any:
    """For functions that kernels call, and Python does not: compiled within each kernel (`wann.kernels.callees`)."""
    return callee(function, nogil=True, error_model="numpy")


def inner(function: Callable) -> Any:
    """`part` without reference counts, for functions that kernels call in loops. They must not allocate.

    numba counts references to arrays by atomic operations, which in a short function cost more than the arithmetic.
    """
    return callee(function, nogil=True, error_model="numpy", **UNCOUNTED)


def elementwise(function: Callable) -> Any:
    """`part` for functions within a loop over lanes: LLVM vectorises a loop only if its calls are inlined."""
    return callee(function, nogil=True, error_model="numpy", forceinline=True)


def elementwise_of(function: Callable) -> Any:
    """`elementwise` for functions made at run time; a compiled one is returned unchanged."""
    return function if is_jitted(function) else elementwise(function)


def uncached(function: Callable) -> Any:
    """`jit` for functions made at run time, such as a choice among the entries of a registry.

    Kernels that call it are cached as usual, with this function inside them.
    """
    return numba.njit(nogil=True, error_model="numpy")(function)


def inlined(function: Callable) -> Any:
    """`inner`, and inlined into its callers, so that a chain of choices becomes one function.

    A function that is already compiled is returned unchanged.
    """
    if is_jitted(function):
        return function
    # Inlined before type inference, so that a chain is compiled once and not once for each of its links.
    options: dict[str, Any] = {"inline": "always", **UNCOUNTED}
    return numba.njit(nogil=True, error_model="numpy", **options)(function)
