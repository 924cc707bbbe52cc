"""Rows of the tables of baselines in docs/results/images.md: ``python -m benchmarks.baseline_results DIR ...``.

Each DIR is what `compare_baselines.py --out DIR` wrote: accuracy on the test images, free tuned numbers (those that
training chose), connections of the network that classifies, epochs up to the best one, and minutes of training.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.trained_results import results_of
from experiment.terminal.command_line import exit_status


def row(directory: Path) -> str:
    """Cells of one trained baseline.

    Raises:
        UserError: the directory has no results of a baseline.
    """
    found = results_of(
        directory, "a baseline on images", "best_epoch", "compare_baselines.py --baseline NAME --out DIR"
    )
    generated = found.get("generator_parameters")
    tuned = f"{found['parameters']:,}" + (f" ({generated:,} of a generator)" if generated else "")
    cells = [
        found["dataset"],
        found["inputs"],
        f"{found['test']['accuracy']:.2f}",
        tuned,
        f"{found['connections']:,}" if "connections" in found else "",
        f"{found['best_epoch']}",
        f"{found['seconds'] / 60:.1f}",
    ]
    return f"| `{found['baseline']}` | {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    print("| baseline | images | inputs | test accuracy | tuned numbers | connections | best epoch | minutes |")
    print("|---|---|---|--:|--:|--:|--:|--:|")
    for path in arguments:
        print(row(Path(path)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.baseline_results", lambda: main(sys.argv[1:])))
