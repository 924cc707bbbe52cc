"""Configs under which a stopped run may be resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configs import Config, config_hash, differing_keys, result_keys
from configs.identity import check_later_end, decisive_keys
from configs.sweep import combinations
from wann.errors import UserError

Migration = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def stamp_of(config: Config) -> dict[str, Any]:
    """The part of a checkpoint's metadata that records the config it was made under."""
    return {"config_hash": config_hash(config), "config": result_keys(config)}


def check_stamp(stamp: Mapping[str, Any], config: Config, place: Path | str, migrated: Migration = dict) -> None:
    """Refuse a checkpoint made under a config that gives other results.

    Args:
        stamp: metadata of the checkpoint, with the fields of `stamp_of`; ``config`` may have keys of older versions.
        config: the config to resume under.
        place: of that config.
        migrated: moves the keys of older versions to today's.

    Raises:
        UserError: names the differing keys.
    """
    if stamp.get("config_hash") == config_hash(config):
        return
    keys = differing_keys(_completed(migrated(stamp.get("config", {}))), decisive_keys(config))
    if keys:
        raise UserError(
            place=place,
            expected="the config that the checkpoint was made under",
            found=f"other values of {', '.join(keys)}",
            remedy="restore them, or start a new run",
        )


def check_resumable(saved: Config, new: Config, place: Path | str) -> None:
    """Refuse to resume under a config that gives other results.

    `workers`, `logging` and ``task.on_error`` may differ, and a search may end later: after more generations, or at a
    higher `stop`.

    Raises:
        UserError: names the differing keys.
    """
    keys = differing_keys(decisive_keys(saved), decisive_keys(new))
    if keys:
        raise UserError(
            place=place,
            expected="the config that the run was started with",
            found=f"other values of {', '.join(keys)}",
            remedy="only workers, logging, task.on_error and a later end (more generations, a higher stop; not with "
            "stages, which keep theirs) may change on a resume",
        )
    began = "that the run was started with"
    if new.replicates != saved.replicates:
        raise UserError(
            place=place, key="replicates", expected=f"the {saved.replicates} {began}", found=str(new.replicates)
        )
    if combinations(new.sweep) != combinations(saved.sweep):
        raise UserError(
            place=place,
            key="sweep",
            expected=f"the one {began}",
            found="another",
            remedy="start a new run for it",
        )
    try:
        check_later_end(saved, new)
    except UserError as error:
        raise error.at(place=place) from None


def _completed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values with defaults for keys that are newer than the checkpoint, as in a config file without them."""
    try:
        return decisive_keys(Config.model_validate(values)) if values else values
    except ValidationError:
        return values  # has keys unknown to this version, which are reported as differences
