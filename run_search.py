"""Run a search: ``run_search.py CONFIG [--set KEY=VALUE] [--run-dir DIR]``, or ``run_search.py --resume DIR``.

On a cluster: ``run_search.py CONFIG --address HOST:PORT``, or as a submitted job (docs/cluster.md). The loop of the
search is in `experiment.loop`. `experiment.search` does the same from Python (docs/python.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import wann_commands  # noqa: F401 - first of all: the project's packages are found before others of their names
from experiment.terminal.command_line import DONE, INTERRUPTED, ArgumentParser, StopRequest, exit_status
from wann.errors import UserError

if TYPE_CHECKING:
    from storage.run_directory import RunDirectory


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 stopped by a failure (resumable), 2 a mistake of the user, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    return exit_status("run_search.py", lambda: _run(arguments), is_part="--share" in arguments)


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    from experiment.build import Share
    from experiment.loop import run_whole
    from experiment.plan import plan_of
    from experiment.replicates.run import print_several
    from experiment.run_page import write_page
    from experiment.terminal.champion_table import print_champion
    from experiment.terminal.messages import announce, print_interrupted
    from experiment.whole_run import whole
    from wann.champion import Champion

    console = Console()
    share = None if arguments.share is None else Share.parse(arguments.share)
    with (
        _open(arguments) as run,
        StopRequest(lambda: console.print("Finishing this generation; Ctrl-C again stops at once.")) as stop,
        whole(run),
    ):
        if share is not None:
            stop.watch_input()
        announce(console, run, plan_of(run.config))
        found = run_whole(run, console, stop, share)
        if found is None:
            print_interrupted(console, run)
            return INTERRUPTED
        if isinstance(found, Champion):
            print_champion(console, run, found)
        else:
            print_several(console, run, found)
    if isinstance(found, Champion) and share is None:
        write_page(run, console)
    return DONE


def _open(arguments: argparse.Namespace) -> RunDirectory:
    """The run that a command line asks for.

    Raises:
        UserError: contradictory or missing arguments, an invalid config, or a directory that cannot be used.
    """
    from experiment.checking import load_checked
    from experiment.jobs import check_outlives_job
    from experiment.opening import create_run, resume_run
    from experiment.plan import settled

    config, run_dir, resume = arguments.config, arguments.run_dir, arguments.resume
    check_outlives_job(resume or run_dir)
    short = {"seed": arguments.seed, "workers.address": arguments.address}
    overrides = arguments.overrides + [f"{key}={value}" for key, value in short.items() if value is not None]
    if resume is not None:
        if config is not None or run_dir is not None:
            raise UserError(
                key=f"--resume {resume}",
                expected=f"no {'CONFIG' if config is not None else '--run-dir'} beside it",
                found="one",
                remedy="the run has its own config and directory",
            )
        return resume_run(resume, overrides)
    if run_dir == "":
        raise UserError(key="--run-dir", expected="a directory or a URL", found="an empty text")
    if config is None:
        raise UserError(expected="CONFIG, such as configs/cartpole_swingup.yaml, or --resume DIR", found="neither")
    return create_run(settled(load_checked(config, overrides)), run_dir, Path(config).stem)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="run_search.py", description="Evolve weight-agnostic networks.")
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="YAML file, such as configs/cartpole_swingup.yaml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="override a key of the config"
    )
    parser.add_argument("--seed", help="short for --set seed=SEED")
    parser.add_argument(
        "--address", help="short for --set workers.address=...: auto, HOST:PORT or ray://HOST:PORT of a Ray cluster"
    )
    parser.add_argument(
        "--run-dir",
        metavar="DIR",
        help="where to keep the run: a directory, or a URL such as s3://bucket/mine (default: runs/NAME-N)",
    )
    parser.add_argument("--resume", metavar="DIR", help="go on with a stopped run, in a directory or at a URL")
    # Passed by a run to each of its children that run side by side.
    parser.add_argument("--share", metavar="PARALLEL[@ADDRESS]", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
