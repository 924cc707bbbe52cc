"""Rows of the table of gates in docs/results.md: ``python -m benchmarks.gate_results DIR ...``.

Each DIR is what `compare_baselines.py --baseline NAME --out DIR` wrote for gates: the accuracy on the test images at
the weight that was trained, the lowest one at twelve shared weights from 0.25 to 3, live connections, and the CPU
seconds of the training.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from envs.images.classification import Classification
from envs.registry import task_of_champion
from storage.run_directory import CHAMPION
from wann.champion import load_champion
from wann.network import Networks, compile_genome

WEIGHTS = np.arange(1, 13) / 4


def row(directory: Path) -> str:
    """Cells of one trained baseline."""
    found = json.loads((directory / "results.json").read_text())
    champion = load_champion(directory / CHAMPION)
    task = task_of_champion(champion)
    assert isinstance(task, Classification)
    network = compile_genome(champion.genome)
    at_weights = task.untouched.evaluate(Networks.of([network]), WEIGHTS, [0]).values
    cells = [
        f"{found['config']['penalty']:g}",
        str(found["config"]["epochs"]),
        str(found["seed"]),
        f"{found['test']['accuracy']:.2f}",
        f"{at_weights.min():.2f}",
        f"{network.num_connections:,}",
        f"{found['cpu_seconds']:.0f}",
    ]
    return f"| `{found['baseline']}` | {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    print("| baseline | penalty | epochs | seed | test accuracy | lowest, 0.25 to 3 | connections | CPU seconds |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for path in arguments:
        print(row(Path(path)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
