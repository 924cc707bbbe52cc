"""Run a search: ``run_search.py CONFIG [--set KEY=VALUE] [--run-dir DIR]``, or ``run_search.py --resume DIR``.

On a cluster: ``run_search.py CONFIG --address HOST:PORT``, or as a submitted job (docs/cluster.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from experiment.terminal.command_line import DONE, INTERRUPTED, ArgumentParser, StopRequest, exit_status
from wann.errors import Stopped

if TYPE_CHECKING:
    from rich.console import Console

    from envs.task import Task
    from evolution.protocol import AskTell
    from experiment.evaluators import Evaluators
    from experiment.replicates.tables import Finished
    from storage.run_directory import RunDirectory
    from wann.champion import Champion
    from workers.evaluator import Evaluator


def evolve(run: RunDirectory, task: Task, evaluator: Evaluator, console: Console, stop: StopRequest) -> AskTell | None:
    """One search, from its newest checkpoint to its last generation; None if asked to stop."""
    from evolution.registry import make_search
    from experiment.champions import first_genomes
    from experiment.opening import behaviour_of
    from experiment.recording.recorder import Recorder
    from experiment.terminal.live import Display, label_of

    config = run.config
    search = make_search(
        config, task.num_inputs, task.num_outputs, first_genomes(run, task), behaviour_of(config, task)
    )
    with (
        Recorder(run, search, config.logging) as recorder,
        Display(console, label_of(run.path), config.generations, config.logging.progress) as display,
    ):
        while search.generation < config.generations:
            if stop.requested:
                return None
            summary = search.tell(recorder.evaluate(evaluator, search.ask()))
            if summary is not None:  # else the generation goes on: a race, or children that gradients propose
                display.update(recorder.record(summary, evaluator.statistics()))
    return search


def find_champion(run: RunDirectory, evaluators: Evaluators, console: Console, stop: StopRequest) -> Champion | None:
    """Search, in stages where the config has them, then choose the champion; None (or `Stopped`) if asked to stop."""
    from experiment.champions import crown, last_config
    from experiment.opening import task_of
    from experiment.stages import run_stages
    from wann.champion import format_champion

    def evolve_one(run: RunDirectory) -> AskTell | None:
        task = task_of(run.config)
        return evolve(run, task, evaluators.on(task), console, stop)

    if run.config.stages:
        candidates = run_stages(run, evolve_one, evaluators, console, stop)
    else:
        search = evolve_one(run)
        candidates = None if search is None else search.candidates()
    if candidates is None:
        return None
    task = task_of(last_config(run.config))
    champion = crown(run.config, candidates, task, evaluators.on, stop)
    run.write_champion(format_champion(champion).encode())
    return champion


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 stopped by a failure (resumable), 2 a mistake of the user, 130 interrupted."""
    return exit_status("run_search.py", lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    from experiment.evaluators import Evaluators
    from experiment.jobs import check_outlives_job
    from experiment.opening import Share, open_run
    from experiment.replicates.run import print_several, run_several
    from experiment.terminal.messages import announce, print_champion, print_interrupted, resumable

    console = Console()
    check_outlives_job(arguments.resume or arguments.run_dir)
    share = None if arguments.share is None else Share.parse(arguments.share)
    short = {"seed": arguments.seed, "workers.address": arguments.address}
    overrides = arguments.overrides + [f"{key}={value}" for key, value in short.items() if value is not None]
    with (
        open_run(arguments.config, overrides, arguments.run_dir, arguments.resume) as run,
        StopRequest(lambda: console.print("Finishing this generation; Ctrl-C again stops at once.")) as stop,
        resumable(run),
    ):
        if share is not None:
            stop.watch_input()
        announce(console, run)
        champion: Champion | None = None
        children: Finished | None = None
        with Evaluators(run.config, console, share) as evaluators, suppress(Stopped):
            if run.config.has_children:
                children = run_several(run, lambda one: find_champion(one, evaluators, console, stop), console, stop)
            else:
                champion = find_champion(run, evaluators, console, stop)
        if children is not None:
            print_several(console, run, children)
        elif champion is not None:
            print_champion(console, run, champion)
        else:
            print_interrupted(console, run)
            return INTERRUPTED
    return DONE


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
    # What a run whose children are side by side gives each of them.
    parser.add_argument("--share", metavar="PARALLEL[@ADDRESS]", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
