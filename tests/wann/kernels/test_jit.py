"""Compiled kernels are found wherever their source lies."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from evolution.mutation.registry import OPERATORS
from places import ROOT
from wann.kernels.jit import inner, is_digested, kernel_sources, uncached
from wann.kernels.turns import turn

KERNEL = "from wann.kernels.jit import jit\n\n@jit\ndef double(x):\n    return 2 * x\n"
SCRIPT = "import small_kernels as k; k.double(3); print(sum(k.double.stats.cache_hits.values()))"


def test_two_processes_at_once_compile_a_kernel_once_wherever_its_source_lies(tmp_path: Path) -> None:
    started = []
    for place in ("one", "other"):
        folder = tmp_path / place / "package"
        folder.mkdir(parents=True)
        (folder / "small_kernels.py").write_text(KERNEL)
        environment = {**os.environ, "WANN_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": f"{folder}:{ROOT}"}
        command = [sys.executable, "-c", SCRIPT]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    hits = [process.communicate(timeout=200)[0].strip() for process in started]
    assert sorted(hits) == ["0", "1"]


def test_a_process_that_never_ends_its_turn_is_not_waited_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("wann.kernels.turns._PATIENCE", 0.1)
    path = tmp_path / "kernel.turn"
    with turn(path):
        begin = perf_counter()
        with turn(path):
            assert perf_counter() - begin > 0.1
        assert not path.read_bytes()
    assert path.read_bytes()
    monkeypatch.setattr("wann.kernels.turns._locked", None)  # not asked any more
    with turn(path):
        pass


def test_a_turn_that_fails_is_the_next_ones(tmp_path: Path) -> None:
    path = tmp_path / "kernel.turn"
    with pytest.raises(ValueError, match="wrong"), turn(path):
        raise ValueError("wrong")
    assert not path.read_bytes()
    with turn(path):
        pass


def test_what_kernels_call_runs_in_python_too() -> None:
    def twice(x):
        return 2 * x

    def thrice_twice(x):
        return 3 * called(x)

    called = inner(twice)
    kernel = uncached(thrice_twice)
    assert called(2) == 4 and kernel(2) == 12
    assert called(2.5) == 5 and kernel(2.5) == 15.0
    assert len(called.overloads) == 2


def test_the_cache_is_keyed_by_everything_that_machine_code_depends_on():
    """Kernels themselves, whatever their files are called, and the registries and constants that they are made of."""
    digested = {path.relative_to(ROOT).as_posix() for path in kernel_sources()}
    assert {"wann/activations.py", "evolution/mutation/registry.py", "envs/cartpole/physics.py"} <= digested
    assert all(is_digested(module) for module in OPERATORS.values())
    assert not is_digested("greedy_operator")
    assert not any(name.startswith("configs/") for name in digested)
