"""Compiled kernels are found wherever their source lies."""

import os
import subprocess
import sys
from pathlib import Path

from places import ROOT

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
