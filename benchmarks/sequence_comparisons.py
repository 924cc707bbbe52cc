"""Tables of champions and models by the length of sequences: ``python -m benchmarks.sequence_comparisons DIR ...``.

Each DIR is what `compare_baselines.py CHAMPION --out DIR` wrote for the same champion and models, each with its own
seed.
Columns: right answers (percent) to sequences of each length, as the mean over the seeds with the least and the most in
brackets where they differ; trained parameters; numbers that an episode carries; the median CPU seconds of training.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean, median
from typing import Any

from experiment.terminal.command_line import exit_status
from wann.errors import UserError

Facts = dict[str, Any]
Rows = dict[tuple[str, str], Facts]
_REMEDY = "give directories that compare_baselines.py CHAMPION --out DIR wrote, each for the same champion"


def rows_of(directory: Path) -> Rows:
    """Facts of the finished rows of a comparison, by network and setting in words.

    Raises:
        UserError: there is none of one sequence task.
    """
    path = directory / "comparison.json"
    try:
        tables = json.loads(path.read_text())["tables"]
        rows = [[row for row in table["rows"] if "lengths" in row["facts"]] for table in tables]
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise UserError(place=path, expected="a comparison", found=str(problem), remedy=_REMEDY) from problem
    if len(rows) != 1 or not rows[0]:
        found = f"one on {len(rows)} tasks" if len(rows) > 1 else "another one"
        raise UserError(place=path, expected="a comparison on one sequence task", found=found, remedy=_REMEDY)
    return {(row["network"], row["about"]): row["facts"] for row in rows[0]}


def lengths_of(rows: Rows) -> list[int]:
    """The lengths that a comparison has judged."""
    return [found["length"] for found in next(iter(rows.values()))["lengths"]]


def cells(facts: list[Facts]) -> list[str]:
    """The cells of one row, from the facts of all seeds."""
    by_length = [
        [found["accuracy"] for found in each] for each in zip(*(seed["lengths"] for seed in facts), strict=True)
    ]
    costs = [f"{facts[0][key]:,}" if key in facts[0] else "" for key in ("parameters", "memory_numbers")]
    seconds = [seed["cpu_seconds"] for seed in facts if "cpu_seconds" in seed]
    return [*map(_spread, by_length), *costs, f"{median(seconds):.0f}" if seconds else ""]


def _spread(values: list[float]) -> str:
    least, most = f"{min(values):.0f}", f"{max(values):.0f}"
    return least if least == most else f"{fmean(values):.0f} ({least} to {most})"


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("python -m benchmarks.sequence_comparisons DIR ...", file=sys.stderr)
        return 2
    found = [rows_of(Path(directory)) for directory in arguments]
    shared = [key for key in found[0] if all(key in rows for rows in found)]
    lengths = lengths_of(found[0])
    for directory, rows in zip(arguments, found, strict=True):
        if not shared or lengths_of(rows) != lengths:
            expected = f"a comparison with networks and lengths of {arguments[0]}"
            raise UserError(place=directory, expected=expected, found="others", remedy=_REMEDY)
    print(f"| network | weights | {' | '.join(map(str, lengths))} | trained numbers | numbers carried | CPU s |")
    print("|---|---|" + "--:|" * (len(lengths) + 3))
    for network, about in shared:
        print(f"| `{network}` | {about} | {' | '.join(cells([rows[network, about] for rows in found]))} |")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.sequence_comparisons", lambda: main(sys.argv[1:])))
