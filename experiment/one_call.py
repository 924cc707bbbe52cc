"""A whole search in one call from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from configs import Config
from configs.loading import config_of, read
from envs.task import Task
from experiment.build import section_of, task_of, variants_of
from experiment.checking import check_names
from experiment.loop import run_whole
from experiment.opening import create_run, resume_run
from experiment.plan import settled
from experiment.run_page import write_page
from experiment.terminal.command_line import StopRequest
from experiment.whole_run import whole
from storage.run_directory import RunDirectory
from wann.champion import Champion
from wann.errors import UserError

# A YAML file, nested values as in such a file, or a config.
Given = str | Path | Mapping[str, Any] | Config


def search(
    config: Given | None = None,
    *,
    run_dir: str | Path | None = None,
    resume: str | Path | None = None,
    task: Task | str | Mapping[str, Any] | None = None,
    console: Console | None = None,
    **overrides: Any,
) -> Champion:
    """Search for a champion. May be called from a script, a notebook, or any thread.

    Ctrl-C in the main thread finishes the generation, saves, and raises `KeyboardInterrupt`; a second Ctrl-C interrupts
    at once. In other threads Ctrl-C is not handled.

    Args:
        config: of one search, maybe in stages; all defaults if neither this nor ``resume`` is given.
        run_dir: where to keep the run, a new directory or a URL; by default ``runs/NAME-N``, as the command does.
        resume: a stopped run to resume, instead of ``config`` and ``run_dir``.
        task: a task object, whose name and options replace those of the config; or the section, or only the name. An
            object whose class other processes cannot import needs ``workers.evaluator`` inline, or Ray on this machine,
            and must be given again on ``resume``.
        console: where to show progress, such as ``rich.console.Console()``; nothing is shown by default.
        overrides: keys of the config: ``generations=20``, ``search={"population": 32}`` (merged over the config's
            section), or dotted, ``**{"search.population": 32}``.

    Returns:
        The champion, which is also in ``champion.json`` of the run directory.

    Raises:
        UserError: a mistake in the arguments, the config or a file, as a sentence.
        RunError: the run cannot go on: the disk, the workers, or the task fails.
        KeyboardInterrupt: stopped, and saved.
    """
    given = None if task is None or isinstance(task, str | Mapping) else task
    if isinstance(task, str):
        overrides = {**overrides, "task.name": task}
    elif isinstance(task, Mapping):
        overrides = {**overrides, "task": task}
    tasks = task_of if given is None else variants_of(given)
    # Not a terminal, because even a quiet live display would hide the output of others.
    console = console or Console(quiet=True, force_terminal=False)
    with _open(config, run_dir, resume, given, overrides) as run, StopRequest(lambda: None) as stop, whole(run):
        found = run_whole(run, console, stop, tasks=tasks)
        if found is None:
            run.put()
            raise KeyboardInterrupt
        assert isinstance(found, Champion)  # `_open` refuses several searches.
    write_page(run, console)
    return found


def _open(
    config: Given | None,
    run_dir: str | Path | None,
    resume: str | Path | None,
    given: Task | None,
    overrides: Mapping[str, Any],
) -> RunDirectory:
    """Create or resume the run that a call asks for.

    Raises:
        UserError: contradictory arguments, an invalid config, several searches, or a directory that cannot be used.
    """
    if resume is not None:
        if config is not None or run_dir is not None:
            extra = "config" if config is not None else "run_dir"
            raise UserError(key="resume", expected=f"no {extra} beside it", found="one")
        if given is not None:
            overrides = {**overrides, "task": section_of(given)}
        run = resume_run(resume, overrides)
        try:
            _check_single(run.config)
        except UserError:
            run.close()
            raise
        return run
    values = config.model_dump(mode="json") if isinstance(config, Config) else {} if config is None else config
    name = Path(config).stem if isinstance(config, str | Path) else "search"
    source = read(values, overrides)
    if given is not None:
        source.values["task"] = section_of(given)
    loaded = config_of(source)
    _check_single(loaded)
    tasks = task_of if given is None else variants_of(given)
    check_names(loaded, source, tasks)
    return create_run(settled(loaded) if given is None else loaded, run_dir, name, tasks)


def _check_single(config: Config) -> None:
    if config.has_children:
        key = "sweep" if config.sweep is not None else "replicates"
        raise UserError(key=key, expected="one search", found="several", remedy="make a call for each")
