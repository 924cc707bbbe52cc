"""Configs derived from a config: one for each stage, and one for each combination of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema import STAGE_SECTIONS, Config, strategy_sections
from configs.sweep import combinations

_KINDS_OF_WEIGHTS = (("weights", "sampled_weights"), ("sampled_weights", "weights"))


def stage_config(config: Config, index: int) -> Config:
    """The config of one stage as a search of its own: without stages, and with the sections of the stage merged.

    Raises:
        pydantic.ValidationError: the schema does not take the stage's keys or values.
    """
    stage = config.stages[index]
    values = config.model_dump(exclude={"stages"})
    for name, kind in STAGE_SECTIONS.items():
        values[name] = merged(values[name], kind.without_empty_sections(getattr(stage, name)))
    for one, other in _KINDS_OF_WEIGHTS:
        if stage.evaluation.get(one) is not None and stage.evaluation.get(other) is None:
            values["evaluation"][other] = None
    return _without_unused_sections(Config.model_validate({**values, "generations": stage.generations}))


def swept_config(config: Config, index: int) -> Config:
    """The config of one combination of a sweep as a single search: with its values, without sweep and replicates.

    If the combination names another task, the options start from that task's defaults: they do not carry over.

    Raises:
        pydantic.ValidationError: the schema does not take these values.
    """
    combination = combinations(config.sweep)[index]
    values = config.model_dump(exclude={"sweep"})
    if combination.get("task.name", config.task.name) != config.task.name:
        values["task"] = {}
    for one, other in _KINDS_OF_WEIGHTS:
        if any(f"{key}.".startswith(f"evaluation.{one}.") for key, value in combination.items() if value is not None):
            values["evaluation"][other] = None
    for key, value in combination.items():
        for part in reversed(key.split(".")):
            value = {part: value}
        values = merged(values, value)
    values["workers"]["parallel"] = values["replicates"] = 1
    return _without_unused_sections(Config.model_validate(values))


def unused_sections(config: Config) -> list[tuple[str | int, ...]]:
    """Paths of strategy sections whose strategy is never chosen. Such settings would have no effect.

    A section of ``search`` may belong to the strategy of the config, of one of its stages, or of a combination of its
    sweep. A section in a stage or in a combination must belong to the strategy chosen there.
    """
    found: list[tuple[str | int, ...]] = []
    swept = [each for each in combinations(config.sweep) if "search.strategy" in each]
    chosen = {config.search.strategy, *(each["search.strategy"] for each in swept)}
    for index, stage in enumerate(config.stages):
        base = {config.search.strategy} if "strategy" not in stage.search and not swept else chosen
        own = {stage.search["strategy"]} if "strategy" in stage.search else base
        sections = (name for name in strategy_sections() if stage.search.get(name) is not None)
        found += [("stages", index, "search", name) for name in sections if name not in own]
    chosen |= {stage.search["strategy"] for stage in config.stages if isinstance(stage.search.get("strategy"), str)}
    found += [("search", name) for name in config.search.strategies_with_settings if name not in chosen]
    for each in combinations(config.sweep):
        strategy = each.get("search.strategy", config.search.strategy)
        parts = [key.split(".") for key in each]
        names = {part[1] for part in parts if part[0] == "search" and len(part) > 2 and part[1] in strategy_sections()}
        found += [("sweep", f"search.{name}") for name in sorted(names) if name != strategy and not config.stages]
    return found


def _without_unused_sections(config: Config) -> Config:
    """Drop the settings of other strategies: a stage or a combination may choose another one than the config."""
    changes = {str(path[-1]): None for path in unused_sections(config) if path[0] == "search"}
    return config.model_copy(update={"search": config.search.model_copy(update=changes)}) if changes else config


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``changes`` merged over ``base``, mapping by mapping."""
    deeper = {key: merged(base[key], value) for key, value in changes.items() if _both_mappings(base.get(key), value)}
    return {**base, **changes, **deeper}


def _both_mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)
