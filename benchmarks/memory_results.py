"""Markdown table of champions of sequence tasks: ``python -m benchmarks.memory_results runs/parity/replicate-*``.

For each run: its seed, the CPU seconds and the evaluated programs of the search (with stages of all restarts, without
the choice of survivors), the champion's live connections, and for each judging length the share of right answers
(percent): the least of the six published weights, the mean over U(-2, 2), and the least over U(-2, 2) beyond 0.1. All
are on sequences of the test part. The last line counts the runs without an error at the six weights, at all lengths.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiment.terminal.command_line import exit_status
from storage.metrics import METRICS, read_metrics
from wann.champion import load_champion
from wann.network import compile_genome


def row(run: Path) -> tuple[list[str], bool]:
    """The cells of one run, and whether its champion is exact at the six weights."""
    champion = load_champion(run / "champion.json")
    judged = champion.returns["judged"]["lengths"]
    seconds, programs = effort(run)
    cells = ["/".join(run.parts[-2:]), str(champion.seed), f"{seconds:.1f}", f"{programs / 1000:.0f} k"]
    cells.append(str(compile_genome(champion.genome).num_connections))
    for length in judged:
        figures = length["accuracy"]
        shares = min(figures["per_weight"]), figures["mean"], figures["min_beyond"]
        cells.append(" / ".join(f"{share:.1f}" for share in shares))
    return cells, all(min(length["exact"]["per_weight"]) == 100 for length in judged)


def effort(run: Path) -> tuple[float, int]:
    """CPU seconds and evaluated programs of all searches of a run."""
    searches = [lines for path in sorted(run.rglob(METRICS)) if (lines := read_metrics(path.parent))]
    return sum(lines[-1]["cpu_seconds"] for lines in searches), sum(line["num_unique"] for s in searches for line in s)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.memory_results", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    runs = parser.parse_args(arguments).runs
    lengths = load_champion(runs[0] / "champion.json").returns["judged"]["lengths"]
    headings = ["run", "seed", "CPU s", "programs", "connections", *(str(length["length"]) for length in lengths)]
    print(f"| {' | '.join(headings)} |")
    print("|---|" + "--:|" * (len(headings) - 1))
    rows = [row(run) for run in runs]
    for cells, _ in rows:
        print(f"| {' | '.join(cells)} |")
    print(f"\n{sum(is_exact for _, is_exact in rows)} of {len(rows)} without an error at the six weights.")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.memory_results", lambda: main(sys.argv[1:])))
