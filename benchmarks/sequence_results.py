"""Rows of the tables in docs/results/sequences.md: ``python -m benchmarks.sequence_results DIR ...``.

Each DIR is what `compare_baselines.py --task NAME --out DIR` wrote. Columns: sequences of the test part without a wrong
answer and wrong answers a sequence, at each length; trained parameters; numbers that an episode carries; updates; CPU
seconds of training with its validations.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from benchmarks.trained_results import results_of
from experiment.terminal.command_line import exit_status


def row(directory: Path) -> str:
    """Cells of one trained model.

    Raises:
        UserError: the directory has no results of a model of sequences.
    """
    command = "compare_baselines.py --task NAME --out DIR"
    found = results_of(directory, "a model of sequences", "memory_numbers", command)
    tests = "; ".join(f"{label} {_judged(judged, found)}" for label, judged in found["test"].items())
    figures = "".join(f", {name.replace('_', ' ')} {value:.1f}" for name, value in found["figures"].items())
    cells = [
        found["task"],
        str(found["seed"]),
        tests + figures,
        f"{found['parameters']:,}",
        f"{found['memory_numbers']:,}",
        f"{found['updates']:,}",
        f"{found['cpu_seconds']:.0f}",
    ]
    return f"| `{directory.name}` | {' | '.join(cells)} |"


def _judged(judged: dict[str, Any], found: dict[str, Any]) -> str:
    if found["task"] == "characters":
        return f"{judged['cross_entropy'] / math.log(2):.3f} bits a character"
    return f"{judged['exact']:.2f} %, {judged['wrong_per_sequence']:.2f} wrong"


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("python -m benchmarks.sequence_results DIR ...", file=sys.stderr)
        return 2
    rows = [row(Path(path)) for path in arguments]
    print("| model | task | seed | test: sequences right, answers wrong | parameters | memory | updates | CPU s |")
    print("|---|---|--:|---|--:|--:|--:|--:|")
    print(*rows, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.sequence_results", lambda: main(sys.argv[1:])))
