"""The expansion of a config into its searches and their stages, each with a plain config of its own.

A sweep has a search for each combination, replicates one for each seed, and a search in stages a plain config for each
stage. Code that has a `Plan` need not ask which of these the config was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from configs import Config, stage_config, swept_config
from configs.schema import StageConfig, TaskConfig
from configs.sweep import Combination, Grid, Listed, combinations, names
from envs.registry import declared_options, make_task, task_class
from envs.task import options_of

STAGES = "stages"  # the directory of stages within a run


@dataclass(frozen=True)
class StagePlan:
    """One stage of a search: restarts of one plain config that differ only by their seeds."""

    number: int  # from 1
    settings: StageConfig
    config: Config  # plain

    def directory(self, restart: int) -> Path:
        """The directory of a restart (from 0), relative to that of the search."""
        return Path(STAGES) / f"{self.number}-{self.settings.name}" / f"restart-{restart:03d}"


@dataclass(frozen=True)
class SearchPlan:
    """One search that finds one champion, in a run directory of its own."""

    name: str  # of its directory below the run's; empty if it is the run itself
    config: Config  # stored in that directory: one search, with its stages
    stages: tuple[StagePlan, ...] = ()  # empty for a search without stages, which runs in the directory itself
    combination: Combination | None = None  # of the sweep
    replicate: int = 0

    @property
    def parts(self) -> tuple[Config, ...]:
        """The plain configs of all stages, in order; without stages, that of the search itself."""
        return tuple(stage.config for stage in self.stages) or (self.config,)

    @property
    def last(self) -> Config:
        """The plain config that decides about the champion."""
        return self.parts[-1]


@dataclass(frozen=True)
class Plan:
    """All searches that a config stands for."""

    config: Config
    searches: tuple[SearchPlan, ...]  # at least one

    @property
    def is_several(self) -> bool:
        """True if the searches have directories below the run's; else the only search is the run itself."""
        return self.config.has_children

    @property
    def different(self) -> list[SearchPlan]:
        """The searches without those that differ from an earlier one only by their seed."""
        return [search for search in self.searches if search.replicate == 0]


def plan_of(config: Config) -> Plan:
    """Expand the config of a run.

    Replicate i has the seed of the config plus i, in every combination. Its directory is ``replicate-<i>`` below that
    of the run or of the combination. With a single replicate, a combination's directory is itself the run.
    """
    if not config.has_children:
        return Plan(config, (_search("", config),))
    workers = config.workers.model_copy(update={"parallel": 1})
    searches = []
    for place, combination, single in _combinations_of(config):
        for index in range(config.replicates):
            own = {"replicates": 1, "seed": config.seed + index, "workers": workers}
            replicate = f"replicate-{index:03d}" if config.replicates > 1 else ""
            name = "/".join(part for part in (place, replicate) if part)
            searches.append(_search(name, single.model_copy(update=own), combination, index))
    return Plan(config, tuple(searches))


def settled(config: Config) -> Config:
    """The config with the options that tasks resolve themselves, such as ``simulator: auto``, written out.

    A run keeps these values when it is resumed elsewhere.

    Raises:
        UserError: an unknown task, or a wrong option.
    """
    name, options = config.task.name, config.task.options
    task = TaskConfig.model_validate({"name": name, **options, **_settled_options(config)})
    config = config.model_copy(update={"task": task})
    stages = []
    for index, stage in enumerate(config.stages):
        changes = {**stage.task, **_settled_options(stage_config(config, index))}
        stages.append(stage.model_copy(update={"task": changes}))
    config = config.model_copy(update={"stages": tuple(stages)})
    return config.model_copy(update={"sweep": _settled_sweep(config)})


def _search(name: str, config: Config, combination: Combination | None = None, replicate: int = 0) -> SearchPlan:
    stages = tuple(
        StagePlan(index + 1, stage, stage_config(config, index)) for index, stage in enumerate(config.stages)
    )
    return SearchPlan(name, config, stages, combination, replicate)


def _combinations_of(config: Config) -> list[tuple[str, Combination | None, Config]]:
    """Name, values and config of every combination of a sweep; for a config without a sweep, only the config."""
    found = combinations(config.sweep)
    if not found:
        return [("", None, config)]
    swept = (swept_config(config, index) for index in range(len(found)))
    return list(zip(names(found), found, swept, strict=True))


def _settled_sweep(config: Config) -> Grid | Listed | None:
    """The sweep, with options written out if a combination changes the task so that an option must be resolved."""
    if config.sweep is None:
        return None
    found = [(combination or {}, _settled_options(single)) for _, combination, single in _combinations_of(config)]
    if not any(options for _, options in found):
        return config.sweep
    return [
        {**combination, **{f"task.{option}": value for option, value in options.items()}}
        for combination, options in found
    ]


def _settled_options(config: Config) -> Mapping[str, Any]:
    """Options whose value in the task differs from the given one, or from the default."""
    name, options = config.task.name, config.task.options
    declared = declared_options(task_class(name))
    given = {option: field.default for option, field in declared.items()} | options
    chosen = options_of(make_task(name, options))
    different = {option for option, value in given.items() if value is not MISSING and chosen[option] != value}
    return {option: value for option, value in chosen.items() if option in different}
