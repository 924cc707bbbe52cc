"""Checks of a config that need the rooms below: names against registries, options of tasks, files, installed packages.

`load_checked` reads a config and checks its text. `check` makes the parts that a run will need.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs import Config
from configs.loading import Overrides, Part, config_of, parts_of, read
from configs.yaml_source import Source
from envs.task import ChoosesInputs, HasGradients, LoadsData, Task, groups_of, keeps_state, sees_more
from evolution.mutation.registry import ALONG_GROUPS, OF_MEMORY, check_probabilities
from evolution.registry import strategy_of
from experiment.build import TaskOf, behaviour_of, evaluator_of, task_of
from experiment.champions import initial_genomes
from experiment.plan import Plan
from experiment.recording.trackers import check_installed
from wann.activations import ACTIVATIONS, ELEMENTWISE
from wann.errors import UserError


def load_checked(config: str | Path | Mapping[str, Any], overrides: Overrides = ()) -> Config:
    """`configs.load_config` of a file or a mapping, followed by the checks against registries.

    Raises:
        UserError: with the place and the key. In addition to mistakes found by `load_config`: an unknown strategy or
            task, a wrong option of a task, or stages that genomes cannot pass through.
    """
    source = read(config, overrides)
    loaded = config_of(source)
    check_names(loaded, source)
    return loaded


def check_names(config: Config, source: Source, tasks: TaskOf = task_of) -> None:
    """Check the names and options of every search that a config stands for against the registries.

    Raises:
        UserError: its place comes from the origins of ``source``.
    """
    whole: tuple[Part, Task] | None = None  # the search that the following stages belong to
    before: Task | None = None  # of the stage before
    for part in parts_of(config, source):
        task = _checked_task(part, tasks)
        if part.base and whole is not None:
            _check_stage(part, task, *whole, before)
            before = task
        else:
            whole, before = (part, task), None


def _checked_task(part: Part, tasks: TaskOf) -> Task:
    config = part.config
    try:
        _check_restarts(config)
        check_probabilities(config.search.mutation.model_dump())
        return tasks(config)
    except UserError as error:
        raise part.refused(error.key or "task", error) from None


def _check_restarts(config: Config) -> None:
    """Refuse an unknown strategy, and restarts of a strategy that has no population."""
    strategy = config.search.strategy
    if not strategy_of(strategy).has_population and config.search.restart_after is not None:
        raise UserError(key="search.restart_after", expected="a strategy with a population", found=repr(strategy))


def _check_stage(part: Part, task: Task, whole: Part, around: Task, before: Task | None) -> None:
    """Check that genomes can pass through all stages: none sees less than the one before, and the last one sees all."""
    name, own = whole.config.task.name, part.config.task.name
    if own != name:
        raise part.refused("task.name", UserError(expected=f"{name!r}, one task for all stages", found=repr(own)))
    if task.num_outputs != around.num_outputs or not _goes_on(task, around):
        shapes = [f"{each.num_inputs} inputs and {each.num_outputs} outputs" for each in (around, task)]
        fewer = ", or fewer of these inputs," if isinstance(around, ChoosesInputs) else ""
        expected = f"networks with {shapes[0]}{fewer} in every stage"
        raise part.refused("task", UserError(expected=expected, found=shapes[1]))
    if before is not None and not _goes_on(before, task):
        expected = f"all {before.num_inputs} inputs of the stage before"
    elif part.base == ("stages", len(whole.config.stages) - 1) and task.num_inputs != around.num_inputs:
        expected = f"all {around.num_inputs} inputs of the search's own task in the last stage"
    else:
        return
    raise part.refused("task", UserError(expected=expected, found=str(task.num_inputs)))


def _goes_on(task: Task, later: Task) -> bool:
    """True if networks of a task fit a later stage's."""
    return task.num_inputs == later.num_inputs or sees_more(later, task)


def check(plan: Plan, tasks: TaskOf = task_of) -> None:
    """Make tasks and evaluators and read files, to find the mistakes that only this shows, before a run exists.

    Raises:
        UserError: a package, a file or an ability of a task is missing.
    """
    if plan.config.logging.tracker is not None:
        check_installed(plan.config.logging.tracker)
    for search in plan.different:
        first = search.parts[0]
        # Genomes pass from part to part, and operators may enable what is disabled now.
        origin = "initial" if any(not genome.is_plain for genome in initial_genomes(first, tasks(first))) else None
        for part in search.parts:
            task = tasks(part)
            origin = _memory_of(part) or origin
            if origin is not None:
                _check_memory(part, task, origin)
            _check_groups(part, task)
            behaviour_of(part, task)
            strategy = part.search.strategy
            if strategy_of(strategy).needs_gradients and not isinstance(task, HasGradients):
                expected = f"a task with gradients for {strategy!r}"
                raise UserError(key="search.strategy", expected=expected, found=repr(task.name))
            evaluator_of(part, task)


def _memory_of(config: Config) -> str | None:
    """The key that gives genomes state in one search; None if there is none."""
    drawn = [name for name, chance in config.search.mutation.model_dump().items() if chance and name in OF_MEMORY]
    if drawn:
        return f"search.mutation.{drawn[0]}"
    palette = [name for name in config.search.activations if name in ACTIVATIONS and name not in ELEMENTWISE]
    return "search.activations" if palette else None


def _check_groups(config: Config, task: Task) -> None:
    """Refuse the operator that repeats connections along groups where there are none."""
    if config.search.mutation.model_dump().get(ALONG_GROUPS) and groups_of(task) is None:
        key = f"search.mutation.{ALONG_GROUPS}"
        raise UserError(key=key, expected="a task that declares groups of inputs or outputs", found=repr(task.name))


def _check_memory(config: Config, task: Task, key: str) -> None:
    """Refuse networks with state where they cannot be run or compared. ``key`` is that which gives them state."""
    if not keeps_state(task):
        raise UserError(
            key=key, expected="a task that keeps the state of networks from step to step", found=repr(task.name)
        )
    if config.search.safe_mutation is not None:
        raise UserError(
            key="search.safe_mutation",
            expected="networks without state, which single observations tell apart",
            found=f"those of {key}",
        )


def load_data(plan: Plan, tasks: TaskOf = task_of) -> None:
    """Find or fetch the data of tasks, before a run exists.

    Raises:
        UserError: the data are not available, or are fewer than a batch.
    """
    for search in plan.different:
        for part in search.parts:
            task = tasks(part)
            if isinstance(task, LoadsData):
                task.load()
