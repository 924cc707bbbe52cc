"""Opening a run: a new one from a config, or a stopped one."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from configs import Config
from configs.loading import Overrides
from experiment.build import TaskOf, task_of
from experiment.checking import check, load_data
from experiment.plan import plan_of
from storage.remote.lease import DIRECTORY as LEASE
from storage.remote.run import RemoteRun
from storage.remote.stores import is_url
from storage.run_directory import RunDirectory
from wann.errors import UserError

RUNS = Path("runs")


def create_run(config: Config, run_dir: str | Path | None, name: str, tasks: TaskOf = task_of) -> RunDirectory:
    """Create a run, after all checks that can be made in advance.

    Args:
        config: settled (`experiment.plan.settled`).
        run_dir: a directory, or a URL such as ``s3://bucket/mine``; None for the next free ``runs/NAME-N``.
        name: NAME in ``runs/NAME-N``.
        tasks: makes the task of a plain config.

    Raises:
        UserError: something that the run needs is missing or does not fit, or the directory cannot be used.
    """
    if run_dir == "":
        raise UserError(key="run_dir", expected="a directory or a URL", found="an empty text")
    plan = plan_of(config)
    check(plan, tasks)
    load_data(plan, tasks)
    if isinstance(run_dir, str) and is_url(run_dir):
        return RemoteRun.create_at(run_dir, config)
    return RunDirectory.create(run_dir or _free_directory(name), config)


def resume_run(place: str | Path, overrides: Overrides = ()) -> RunDirectory:
    """Open a stopped run, in a directory or at a URL, with overrides of keys that may change.

    Raises:
        UserError: the run does not exist, is in use, or an override changes results.
    """
    if isinstance(place, str) and is_url(place):
        return RemoteRun.open_at(place, overrides)
    if (Path(place) / LEASE).is_dir():
        url = Path(place).resolve().as_uri()
        raise UserError(place=place, expected="a run without a lease", found="one that began at a URL", resume=url)
    return RunDirectory.open_existing(place, overrides)


def _free_directory(name: str) -> Path:
    return next(path for number in count(1) if not (path := RUNS / f"{name}-{number}").exists())
