"""Opening a run: a new directory from a config, or a stopped one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from configs import Config, load_config, stage_config, swept_config
from configs.schema import TaskConfig
from configs.sweep import Grid, Listed, combinations
from envs.playing import Behaviour
from envs.registry import declared_options, make_task, task_class
from envs.task import HasGradients, LoadsData, Playable, Task, options_of
from evolution.registry import strategy_of
from storage.remote.lease import DIRECTORY as LEASE
from storage.remote.run import RemoteRun
from storage.remote.stores import is_url
from storage.run_directory import RunDirectory
from wann.errors import UserError
from workers.evaluator import Evaluator
from workers.registry import EvaluatorOptions, make_evaluator

RUNS = Path("runs")


def open_run(config: str | None, overrides: Sequence[str], run_dir: str | None, resume: str | None) -> RunDirectory:
    """The run that a command line asks for.

    Raises:
        UserError: contradictory or missing arguments, an invalid config, or a directory that cannot be used.
    """
    if resume is not None:
        if config is not None or run_dir is not None:
            extra = "CONFIG" if config is not None else "--run-dir"
            raise UserError(
                f"--resume {resume}: expected no {extra} beside it, the run has its own config and directory"
            )
        if is_url(resume):
            return RemoteRun.open_at(resume, overrides)
        if (Path(resume) / LEASE).is_dir():
            url = Path(resume).resolve().as_uri()
            raise UserError(f"{resume}: expected a run without a lease, found one that began at a URL; --resume {url}")
        return RunDirectory.open_existing(resume, overrides)
    if config is None:
        raise UserError("expected CONFIG, such as configs/cartpole_swingup.yaml, or --resume DIR, found neither")
    loaded = settled(load_config(config, overrides))
    check(loaded)
    load_images(loaded)
    if run_dir is not None and is_url(run_dir):
        return RemoteRun.create_at(run_dir, loaded)
    return RunDirectory.create(run_dir or _free_directory(Path(config).stem), loaded)


def check(config: Config) -> None:
    """Find the mistakes that only show when tasks, files and evaluators are made, before a run exists."""
    from experiment.champions import initial_genomes
    from experiment.recording.trackers import check_installed

    if config.logging.tracker is not None:
        check_installed(config.logging.tracker)
    for each in single_searches(config):
        first = _parts_of(each)[0]
        initial_genomes(first, task_of(first))
    for part in _searches_of(config):
        task = task_of(part)
        behaviour_of(part, task)
        if strategy_of(part.search.strategy).needs_gradients and not isinstance(task, HasGradients):
            raise UserError(
                f"search.strategy: expected a task with gradients for {part.search.strategy!r}, found {task.name!r}"
            )
        evaluator_of(part, task)


def load_images(config: Config) -> None:
    """Find, or fetch, what a classification is of, before a run exists.

    Raises:
        UserError: the images cannot be had, or are fewer than a batch.
    """
    for part in _searches_of(config):
        task = task_of(part)
        if isinstance(task, LoadsData):
            task.load()


def single_searches(config: Config) -> list[Config]:
    """The config of every combination of a sweep, or the config itself."""
    return [swept_config(config, index) for index in range(len(combinations(config.sweep)))] or [config]


def _searches_of(config: Config) -> list[Config]:
    """The plain configs of all combinations and stages."""
    return [part for each in single_searches(config) for part in _parts_of(each)]


def _parts_of(config: Config) -> list[Config]:
    """The plain configs of all stages, or the config itself."""
    return [stage_config(config, index) for index in range(len(config.stages))] or [config]


def settled(config: Config) -> Config:
    """Options that a task settles by itself, such as ``simulator: auto``, written down: a run keeps them wherever it
    goes on.
    """
    name, options = config.task.name, config.task.options
    task = TaskConfig.model_validate({"name": name, **options, **_settled_options(name, options)})
    config = config.model_copy(update={"task": task})
    stages = []
    for index, stage in enumerate(config.stages):
        whole = stage_config(config, index).task
        changes = {**stage.task, **_settled_options(whole.name, whole.options)}
        stages.append(stage.model_copy(update={"task": changes}))
    config = config.model_copy(update={"stages": tuple(stages)})
    return config.model_copy(update={"sweep": _settled_sweep(config)})


def _settled_sweep(config: Config) -> Grid | Listed | None:
    """The sweep itself, unless what a combination does to the task leaves an option to settle."""
    found = combinations(config.sweep)
    settle = [_settled_options(each.task.name, each.task.options) for each in single_searches(config) if found]
    if not any(settle):
        return config.sweep
    return [
        {**combination, **{f"task.{option}": value for option, value in options.items()}}
        for combination, options in zip(found, settle, strict=True)
    ]


def _settled_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options whose value in the task is another than the one given, or than the default."""
    task = make_task(name, options)
    declared = declared_options(task_class(name))
    given = {option: field.default for option, field in declared.items()} | dict(options)
    settled = options_of(task)
    different = {option for option, value in given.items() if value is not MISSING and settled[option] != value}
    return {option: value for option, value in settled.items() if option in different}


def behaviour_of(config: Config, task: Task) -> Behaviour | None:
    """What safe mutations are chosen by, where the config asks for them.

    Raises:
        UserError: a task whose networks cannot be watched.
    """
    if config.search.safe_mutation is None:
        return None
    if not isinstance(task, Playable):
        raise UserError(f"search.safe_mutation: expected a task with an environment to play in, found {task.name!r}")
    return Behaviour(task)


def task_of(config: Config) -> Task:
    return make_task(config.task.name, config.task.options)


@dataclass(frozen=True)
class Share:
    """Of one search among ``parallel`` on the same workers: those of the Ray cluster at ``address``, if it is given."""

    parallel: int = 1
    address: str | None = None

    def __str__(self) -> str:
        return f"{self.parallel}@{self.address}" if self.address else str(self.parallel)

    @classmethod
    def parse(cls, text: str) -> Share:
        """The reverse of `str`.

        Raises:
            ValueError: another text.
        """
        parallel, _, address = text.partition("@")
        return cls(int(parallel), address or None)


def evaluator_of(config: Config, task: Task, share: Share | None = None) -> Evaluator:
    """Not started yet: entering its context does that."""
    workers, share = config.workers, share or Share()
    return make_evaluator(
        task,
        EvaluatorOptions(
            workers.evaluator,
            num_workers=workers.num_workers,
            device=workers.device,
            device_megabytes=workers.device_megabytes,
            address=share.address or workers.address,
            timeout_seconds=workers.timeout_seconds,
            parallel=share.parallel,
            runtime_env=workers.runtime_env,
        ),
    )


def _free_directory(name: str) -> Path:
    return next(path for number in count(1) if not (path := RUNS / f"{name}-{number}").exists())
