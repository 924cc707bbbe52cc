"""The sentences at the beginning and the end of a run. No other room composes a sentence that names a command."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from evolution.registry import strategy_of
from experiment.plan import Plan
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.errors import UserError

_ROOT = Path(__file__).resolve().parents[2]


def announce(console: Console, run: RunDirectory, plan: Plan) -> None:
    """Print what runs and where it is kept, a line each. `experiment.build` prints what evaluates it."""
    config, first = plan.config, plan.searches[0]
    if first.stages:
        names = ", ".join(stage.settings.name for stage in first.stages)
        search = f"{len(first.stages)} stages ({names})"
    else:
        settings = config.search
        size = f"population {settings.population}, " if strategy_of(settings.strategy).has_population else ""
        search = f"{settings.strategy}, {size}{config.generations} generations"
    console.print(f"Search: {search}, seed {config.seed}", highlight=False, soft_wrap=True)
    console.print(f"Run directory: {run.address}", highlight=False, markup=False, soft_wrap=True)


def sentence_of(error: UserError | RunError, resume: Callable[[str], str] | None = None) -> str:
    """The sentence of an error, with the command that resumes the run if it can be resumed.

    Args:
        error: of a run, or of a mistake.
        resume: gives that command for an address; `resume_command` if None.
    """
    if error.resume is not None:
        return f"{error}; go on with: {(resume or resume_command)(str(error.resume))}"
    if isinstance(error, RunError) and error.run is not None:
        return f"{error}; then start again" if error.remedy else f"{error}; start the run anew"
    return str(error)


def resume_command(address: str) -> str:
    """The command line that resumes the run at ``address``."""
    return command_line("run_search.py", "--resume", address)


def command_line(script: str, *arguments: str) -> str:
    """The command line of one of the project's scripts, as it can be typed here."""
    python, path = (_from_here(path) for path in (Path(sys.executable), _ROOT / script))
    return shlex.join([python, path, *arguments])


def print_report(console: Console, run: RunDirectory, page: Path, lacking: str | None) -> None:
    """Print where the page of a run is, or why it is not there, and the commands that look further."""
    rows = {
        "Report": str(page) if lacking is None else f"not written: {lacking}",
        "Inspect": command_line("inspect_champion.py", run.address, "--video", "mp4"),
        "Compare": command_line("compare_baselines.py", run.address),
    }
    for name, text in rows.items():
        console.print(f"{name + ':':<9}{text}", highlight=False, markup=False, soft_wrap=True)


def print_interrupted(console: Console, run: RunDirectory) -> None:
    """Print how to resume, once everything is stored at the run's place.

    Raises:
        RunError: it cannot be stored there.
    """
    run.put()
    line = f"Stopped and saved; go on with: {resume_command(run.address)}"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
