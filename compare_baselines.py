"""Compare champions with tuned weights, fixed topologies and trained models.

``compare_baselines.py RUN_OR_CHAMPION [...] --out DIR`` writes tables as JSON, CSV and Markdown, a figure, the curves
of the tunings, and the tuned networks as champion files; see docs/comparing.md. ``--baseline NAME --out DIR`` trains
one model of the registry instead, on the inputs, the parts and the scoring of weight-agnostic champions; DIR gets
``model.safetensors``, which says how it was made, ``results.json``, and of gates the network that remains as
``champion.json``. With ``--task NAME`` it is a model of sequences, trained on episodes of a sequence task, which can
be stopped and resumed.
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

    from baselines.training.on_sequences import TrainingState

# Options of each of the three ways to call this command, with their defaults.
_OF_COMPARING = {"episodes": 100, "steps": None, "workers": None, "resume": False, "baselines": None}
_OF_COMPARING |= {"updates": None, "parameters": None, "settings": []}
_OF_TRAINING = {
    "dataset": "mnist",
    "inputs": "auto",
    "epochs": None,
    "champion": None,
    "device": "auto",
    "settings": [],
}
_OF_SEQUENCES = {"task": None, "settings": [], "updates": None, "resume": False, "device": "auto"}
_ALL = _OF_COMPARING | _OF_TRAINING | _OF_SEQUENCES


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
    if arguments.paths:
        return _compare(arguments, console)
    return _train(arguments, console) if arguments.task is None else _train_on_sequences(arguments, console)


def _compare(arguments: argparse.Namespace, console: Console) -> int:
    from baselines.comparison.comparison_options import ComparisonOptions, make_ready

    baselines = arguments.baselines and tuple(filter(None, arguments.baselines.split(",")))
    out = arguments.out or "comparison"
    given = {name: getattr(arguments, name) for name in _OF_COMPARING}
    given |= {"baselines": baselines or None, "settings": tuple(arguments.settings)}
    ready = make_ready(ComparisonOptions(tuple(arguments.paths), out, seed=arguments.seed, **given))
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

    given = {name: getattr(arguments, name) for name in _OF_TRAINING} | {"settings": tuple(arguments.settings)}
    options = make_ready(TrainingOptions(arguments.baseline, arguments.out, seed=arguments.seed, **given))
    from baselines.model_file import save
    from baselines.train import train
    from experiment.terminal.bars import Bars

    with Bars(console) as bars:
        result = train(options, partial(bars.update, f"{options.baseline}, batches"))
    save(options.out, result)
    console.print(result.line(), highlight=False, markup=False, soft_wrap=True)
    return DONE


def _train_on_sequences(arguments: argparse.Namespace, console: Console) -> int:
    from baselines.directories import make_empty_directory
    from baselines.sequence_options import SequenceOptions, plan_of

    given = {name: getattr(arguments, name) for name in ("task", "out", "seed", "updates", "device", "resume")}
    options = SequenceOptions(arguments.baseline, settings=tuple(arguments.settings), **given)
    plan = plan_of(options)
    from baselines.sequence_file import load_state, save_result, save_state
    from baselines.train_sequences import report, train_plan
    from experiment.terminal.bars import Bars

    state = load_state(options.out, plan) if options.resume else None
    if state is None:
        make_empty_directory(options.out)
    with (
        Bars(console) as bars,
        StopRequest(lambda: bars.say("Stopping at the next validation; what was trained is saved")) as stop,
    ):

        def kept(now: TrainingState) -> bool:
            save_state(options.out, plan, now)
            return stop.requested

        update = partial(bars.update, f"{options.baseline} on {options.task}, updates")
        model, state, is_complete = train_plan(plan, update, state, kept)
    if not is_complete:
        console.print("Stopped: go on by the same command with --resume", markup=False, soft_wrap=True)
        return INTERRUPTED
    result = report(options, plan, model, state)
    save_result(options.out, result)
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
    taken, way = _OF_COMPARING, "champions to compare"
    if arguments.baseline is not None:
        taken, way = (_OF_TRAINING, "--baseline") if arguments.task is None else (_OF_SEQUENCES, "--task")
    for name, default in _ALL.items():
        if name not in taken and name != "task" and getattr(arguments, name) != default:
            key = "--set" if name == "settings" else f"--{name}"
            raise UserError(key=key, expected=f"no such option with {way}", found="one (see --help)")
    if arguments.paths and arguments.task is not None:
        raise UserError(key="--task", expected=f"no such option with {way}", found="one (see --help)")


def _parser() -> ArgumentParser:
    from baselines.registry import BASELINES, SEQUENCE_BASELINES  # names alone: it imports no torch

    parser = ArgumentParser(
        prog="compare_baselines.py",
        description="Hold champions against tuned weights, fixed topologies and trained models; or train one baseline.",
    )
    parser.add_argument("paths", nargs="*", metavar="RUN_OR_CHAMPION", help="champion files, or directories of runs")
    parser.add_argument(
        "--out", metavar="DIR", help="new directory for tables, figure and models (default of comparing: comparison)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    _add_comparing(parser)
    _add_training(parser, [*BASELINES], [*SEQUENCE_BASELINES])
    _add_sequences(parser)
    return parser


def _add_comparing(parser: ArgumentParser) -> None:
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
    comparing.add_argument(
        "--resume", action="store_true", help="go on with the comparison, or the training on sequences, in DIR"
    )
    comparing.add_argument(
        "--baselines",
        metavar="NAME,...",
        help="models beside champions of classification (default: champion,linear,mlp) and of sequence tasks (default: "
        "champion,rnn,lstm,fast_weights)",
    )
    comparing.add_argument(
        "--parameters",
        type=int,
        metavar="N",
        help="trained numbers of each model of sequences, as nearly as its hidden units allow (default: its own size)",
    )


def _add_training(parser: ArgumentParser, of_images: Sequence[str], of_sequences: Sequence[str]) -> None:
    training = parser.add_argument_group("training one baseline")
    training.add_argument(
        "--baseline",
        metavar="NAME",
        help=f"one of {', '.join(of_images)}; with --task one of {', '.join(of_sequences)}",
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
    training.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="of the training, such as training.batch=32 or, for gates, training.connections=1500; with --task also of "
        "the task and the model, such as task.longest=20 and model.hidden=50; beside champions of a sequence task of "
        "the training and the models",
    )
    training.add_argument("--device", default="auto", help="auto, cpu or cuda (default: %(default)s)")


def _add_sequences(parser: ArgumentParser) -> None:
    from envs.sequences.registry import PROBLEMS

    sequences = parser.add_argument_group("training one baseline on sequences")
    sequences.add_argument("--task", metavar="NAME", help=f"one of {', '.join(PROBLEMS)}")
    sequences.add_argument(
        "--updates",
        type=int,
        metavar="N",
        help="at most, each on fresh episodes (default: the baseline's own; beside champions 2000)",
    )


if __name__ == "__main__":
    sys.exit(main())
