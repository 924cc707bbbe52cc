"""Compare champions with tuned weights, fixed topologies and trained models.

``compare_baselines.py RUN_OR_CHAMPION [...] --out DIR`` writes tables as JSON, CSV and Markdown, a figure, the curves
of the tunings, and the tuned networks as champion files; see docs/comparing.md. ``--baseline NAME --out DIR`` trains
one model of the registry instead, on the inputs, the parts and the scoring of weight-agnostic champions; DIR gets
``model.safetensors``, which says how it was made, and ``results.json``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from experiment.terminal.command_line import DONE, INTERRUPTED, ArgumentParser, StopRequest, exit_status
from wann.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

# Options that only one of the two ways to call this command takes, with their defaults.
_OF_COMPARING = {"episodes": 100, "steps": None, "workers": None, "resume": False, "baselines": None}
_OF_TRAINING = {"dataset": "mnist", "inputs": "auto", "epochs": None, "champion": None, "device": "auto"}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 a failure, 2 a mistake of the user, 130 interrupted."""
    given = sys.argv[1:] if argv is None else argv
    return exit_status("compare_baselines.py", lambda: _run(given), resume=lambda _: _resume_command(given))


def _resume_command(argv: Sequence[str]) -> str:
    from experiment.terminal.messages import command_line

    return command_line("compare_baselines.py", *argv, *([] if "--resume" in argv else ["--resume"]))


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    _check_way(arguments)
    from rich.console import Console

    console = Console()
    return _compare(arguments, console) if arguments.paths else _train(arguments, console)


def _compare(arguments: argparse.Namespace, console: Console) -> int:
    from baselines.comparison.comparison_options import ComparisonOptions, make_ready

    baselines = arguments.baselines and tuple(filter(None, arguments.baselines.split(",")))
    out = arguments.out or "comparison"
    given = {name: getattr(arguments, name) for name in _OF_COMPARING if name != "baselines"}
    ready = make_ready(
        ComparisonOptions(tuple(arguments.paths), out, seed=arguments.seed, baselines=baselines or None, **given)
    )
    from baselines.comparison.compare import compare
    from baselines.comparison.terminal_tables import show
    from experiment.terminal.bars import Bars

    with (
        Bars(console, percent=True) as bars,
        StopRequest(lambda: bars.say("Stopping; what is under way is saved")) as stop,
    ):
        found = compare(ready, lambda: stop.requested, bars.update)
    show(console, found.tables, arguments.seed)
    if stop.requested and not found.is_complete:
        console.print(f"Partial: go on by the same command with --resume. Files: {out}", markup=False, soft_wrap=True)
        return INTERRUPTED
    console.print(f"Files: {out}", highlight=False, markup=False, soft_wrap=True)
    return DONE


def _train(arguments: argparse.Namespace, console: Console) -> int:
    from baselines.training_options import TrainingOptions, make_ready

    given = {name: getattr(arguments, name) for name in _OF_TRAINING}
    options = make_ready(TrainingOptions(arguments.baseline, arguments.out, seed=arguments.seed, **given))
    from baselines.model_file import save
    from baselines.train import train
    from experiment.terminal.bars import Bars

    with Bars(console) as bars:
        result = train(options, partial(bars.update, f"{options.baseline}, batches"))
    save(options.out, result)
    console.print(result.line(), highlight=False, markup=False, soft_wrap=True)
    return DONE


def _check_way(arguments: argparse.Namespace) -> None:
    """Check that there are either champions or ``--baseline``, and only the options of that way."""
    if bool(arguments.paths) == (arguments.baseline is not None):
        found = "both" if arguments.paths else "neither"
        expected = "champions to compare or --baseline NAME to train"
        raise UserError(expected=expected, found=f"{found} (see --help)")
    if arguments.baseline is not None and arguments.out is None:
        raise UserError(key="--out", expected="a directory for the model", found="none")
    others, way = (_OF_TRAINING, "champions to compare") if arguments.paths else (_OF_COMPARING, "--baseline")
    for name, default in others.items():
        if getattr(arguments, name) != default:
            raise UserError(key=f"--{name}", expected=f"no such option with {way}", found="one (see --help)")


def _parser() -> ArgumentParser:
    from baselines.registry import BASELINES  # names alone: it imports no torch

    parser = ArgumentParser(
        prog="compare_baselines.py",
        description="Hold champions against tuned weights, fixed topologies and trained models; or train one baseline.",
    )
    parser.add_argument("paths", nargs="*", metavar="RUN_OR_CHAMPION", help="champion files, or directories of runs")
    parser.add_argument(
        "--out", metavar="DIR", help="new directory for tables, figure and models (default of comparing: comparison)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    comparing = parser.add_argument_group("comparing")
    comparing.add_argument(
        "--episodes", type=int, default=100, metavar="N", help="fresh ones of each cell (default: %(default)s)"
    )
    comparing.add_argument(
        "--steps", type=int, metavar="N", help="simulated for each network's tuning (default: the task's)"
    )
    comparing.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="Ray workers; 0 is this process (default: this process for CartPoleSwingUp, else one for each CPU)",
    )
    comparing.add_argument("--resume", action="store_true", help="go on with the comparison in DIR")
    comparing.add_argument(
        "--baselines",
        metavar="NAME,...",
        help="models beside champions of classification (default: champion,linear,mlp)",
    )
    training = parser.add_argument_group("training one baseline")
    training.add_argument(
        "--baseline",
        metavar="NAME",
        help=f"one of {', '.join(BASELINES)}",
    )
    training.add_argument(
        "--dataset",
        default="mnist",
        metavar="NAME_OR_PATH",
        help="mnist, fashion_mnist, digits, or a path to images of your own (default: %(default)s)",
    )
    training.add_argument(
        "--inputs",
        default="auto",
        metavar="KIND",
        help='"16x16 deskewed", 28x28 or 8x8 (default: the champion\'s, or the first that the baseline takes)',
    )
    training.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="at most (default: the baseline's own); one of champion_cma_es is 100 generations",
    )
    training.add_argument("--champion", metavar="FILE", help="whose topology champion and champion_cma_es train")
    training.add_argument("--device", default="auto", help="auto, cpu or cuda (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
