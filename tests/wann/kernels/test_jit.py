"""Compiled kernels are found wherever their source lies."""

import os
import subprocess
import sys
from pathlib import Path

from evolution.mutation.registry import OPERATORS
from places import ROOT
from wann.kernels.jit import is_digested, kernel_sources

KERNEL = "from wann.kernels.jit import jit\n\n@jit\ndef double(x):\n    return 2 * x\n"
SCRIPT = "import small_kernels as k; k.double(3); print(sum(k.double.stats.cache_hits.values()))"


def test_sources_at_another_path_are_not_compiled_again(tmp_path: Path) -> None:
    hits = []
    for place in ("one", "other"):
        folder = tmp_path / place / "package"
        folder.mkdir(parents=True)
        (folder / "small_kernels.py").write_text(KERNEL)
        environment = {**os.environ, "WANN_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": f"{folder}:{ROOT}"}
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
        hits.append(done.stdout.strip())
    assert hits == ["0", "1"]


def test_the_cache_is_keyed_by_everything_that_machine_code_depends_on():
    """Kernels themselves, whatever their files are called, and the registries and constants that they are made of."""
    digested = {path.relative_to(ROOT).as_posix() for path in kernel_sources()}
    assert {"wann/activations.py", "evolution/mutation/registry.py", "envs/cartpole/physics.py"} <= digested
    assert all(is_digested(module) for module in OPERATORS.values())
    assert not is_digested("greedy_operator")
    assert not any(name.startswith("configs/") for name in digested)
