"""Inspect a champion: ``inspect_champion.py RUN_OR_CHAMPION [--out DIR]``.

DIR gets ``report.html``, one page that needs neither a network nor other files, and its pictures as SVG and PNG.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiment.terminal.command_line import DONE, ArgumentParser, exit_status

if TYPE_CHECKING:
    from rich.console import Console

    from inspection.inspect import Outcome


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 a failure, 2 a mistake of the user, 130 interrupted."""
    return exit_status("inspect_champion.py", lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    from inspection.inspect import Outcome, inspect
    from inspection.inspection_options import InspectionOptions

    given = {**vars(arguments), "export": _listed(arguments.export), "options": tuple(arguments.options)}
    console, outcome = Console(), Outcome()
    try:
        inspect(InspectionOptions(**given), console, outcome)
    finally:
        _show(console, outcome)
    return DONE


def _show(console: Console, outcome: Outcome) -> None:
    """Print remarks for readers of the files, and list the files written."""
    lines = [*outcome.notes, *(["Files:"] if outcome.files else []), *(f"  {path}" for path in outcome.files)]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="inspect_champion.py", description="Look into a champion: a page, pictures, exports.")
    parser.add_argument("path", nargs="?", metavar="RUN_OR_CHAMPION", help="directory of a run, or a champion file")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: RUN/report, or ./NAME-report of a file)")
    parser.add_argument(
        "--video", metavar="FILE", help="film an episode: a path, or mp4 or gif for DIR/champion.mp4 or .gif"
    )
    parser.add_argument("--export", metavar="FORMATS", help="onnx, torch, graphml, sympy, dot, separated by commas")
    parser.add_argument(
        "--import", dest="published", metavar="FILE.csv", help="read a network of the published research code instead"
    )
    parser.add_argument("--task", metavar="NAME", help="what an imported network is for, such as cartpole_swingup")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="options",
        help="of that task, such as dataset=mnist; may be repeated",
    )
    parser.add_argument(
        "--keep-weights", action="store_true", help="keep an imported network's weights as individual ones"
    )
    parser.add_argument(
        "--weight",
        type=float,
        metavar="W",
        help="shared weight to show, film and export (default: the file's best)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="of the report's episodes (default: %(default)s)"
    )
    parser.add_argument("--episodes", type=int, metavar="N", help="for each weight of the curve (default: by the task)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
