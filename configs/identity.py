"""The identity of a config: the keys that decide results, their hash, and the differences between two configs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from configs.schema import KEYS_WITHOUT_EFFECT, Config
from wann.errors import UserError


def result_keys(config: Config) -> dict[str, Any]:
    """The part of a config that decides results, as plain JSON values in a fixed order. Champion files store it.

    ``stop.seconds`` is left out, as no two runs take the same time. Left out too, so that such configs keep the hash
    they had before these keys existed, are a ``stop`` without returns and the defaults of other keys that came later.
    """
    values = {key: value for key, value in config.model_dump(mode="json").items() if key not in KEYS_WITHOUT_EFFECT}
    returns = {key: value for key, value in _without_seconds(values.pop("stop")).items() if value is not None}
    if returns:
        values["stop"] = returns
    _drop(values["search"], "restart_after", None)
    _drop(values["search"], "newest_first", False)
    _drop(values["search"].get("age_fitness", {}), "lifetime", True)
    _drop(values["evaluation"]["sampled_weights"] or {}, "least", 0.0)
    for stage in values["stages"]:
        changes = _without_seconds(stage.pop("stop"))
        if changes:
            stage["stop"] = changes
        _drop(stage, "relays", 1)
    for key in ("worst_share", "side_episodes"):
        _drop(values["champion"], key, None)
    _drop(values["search"].get("lower_bound", {}), "risk", 0.0)
    return values


def decisive_keys(config: Config) -> dict[str, Any]:
    """`result_keys` without those that may change on a resume: the end of a search, and ``task.on_error``.

    The ends of stages are kept, because each stage starts from the outcome of the one before.
    """
    ends = ("generations",) if config.stages else ("generations", "stop")
    decisive = {key: value for key, value in result_keys(config).items() if key not in ends}
    # Forgiving an environment's errors changes nothing before the first error, which ended the run.
    decisive["task"] = {option: value for option, value in decisive["task"].items() if option != "on_error"}
    return decisive


def config_hash(config: Config) -> str:
    """SHA-256 (hex) of `decisive_keys` as canonical JSON."""
    return hashlib.sha256(_canonical(decisive_keys(config)).encode()).hexdigest()


def stored_config_hash(stored: Mapping[str, Any]) -> str | None:
    """`config_hash` of a config stored in a checkpoint or a champion, perhaps in an earlier layout.

    Keys added since then take their defaults. None if it is not a config.
    """
    try:
        return config_hash(Config.model_validate(stored))
    except ValidationError:
        return None


def check_later_end(saved: Config, new: Config) -> None:
    """Refuse to resume with an earlier end: fewer generations, or a lower return to stop at.

    Raises:
        UserError: names the key.
    """
    if new.generations < saved.generations:
        raise UserError(
            key="generations",
            expected=f"at least the {saved.generations} that the run was started with",
            found=str(new.generations),
        )
    for name in ("mean_return", "best_return"):
        before, after = (getattr(config.stop, name) for config in (saved, new))
        if _or_never(after) < _or_never(before):
            least = "none" if before is None else f"none, or at least {before:g}"
            raise UserError(key=f"stop.{name}", expected=f"{least}, as the run was started with", found=f"{after:g}")


def _or_never(limit: float | None) -> float:
    return math.inf if limit is None else limit


def differing_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Dotted keys, sorted, that differ between two nested mappings or are in only one of them."""
    return sorted(_differences(old, new, ""))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key in old.keys() | new.keys():
        if key not in old or key not in new:
            yield prefix + key
        elif isinstance(old[key], Mapping) and isinstance(new[key], Mapping):
            yield from _differences(old[key], new[key], f"{prefix}{key}.")
        elif _canonical(old[key]) != _canonical(new[key]):
            yield prefix + key


def _canonical(value: Any) -> str:
    """JSON in which equal configs are equal text. 1, 1.0 and true differ, because they may differ to a task."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _drop(section: dict[str, Any], key: str, default: Any) -> None:
    """Leave a key out that is at its default."""
    if section.get(key, default) == default:
        section.pop(key, None)


def _without_seconds(stop: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in stop.items() if key != "seconds"}
