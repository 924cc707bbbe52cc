"""Checkpoints made before keys of the config moved, or were added."""

from collections.abc import Mapping
from typing import Any

import pytest

from configs import Config
from storage.resuming import check_stamp, stamp_of
from wann.errors import UserError

CONFIG = Config.model_validate({"seed": 3, "search": {"population": 32}})


def old_stamp(**search: object) -> dict[str, Any]:
    """As a version wrote it whose ``search.population`` was called ``search.size``."""
    config = stamp_of(CONFIG)["config"]
    section = {key: value for key, value in config["search"].items() if key != "population"} | {"size": 32, **search}
    return {"config_hash": "of another version", "config": {**config, "search": section}}


def moved(values: Mapping[str, Any]) -> Mapping[str, Any]:
    search = dict(values["search"])
    return {**values, "search": {"population": search.pop("size"), **search}}


def test_a_key_that_moved_is_no_difference():
    check_stamp(old_stamp(), CONFIG, "config.yaml", moved)


def test_a_value_that_differs_is_one_under_its_new_name():
    with pytest.raises(UserError) as caught:
        check_stamp(old_stamp(size=64), CONFIG, "runs/a/config.yaml", moved)
    assert (caught.value.place, caught.value.found) == ("runs/a/config.yaml", "other values of search.population")


def test_without_a_migration_the_old_key_differs():
    with pytest.raises(UserError, match=r"other values of .*search\.size"):
        check_stamp(old_stamp(), CONFIG, "config.yaml")


def test_a_key_that_is_newer_than_the_checkpoint_has_its_default():
    stamp = stamp_of(CONFIG)
    older = {key: value for key, value in stamp["config"].items() if key != "evaluation"}
    check_stamp({"config_hash": "older", "config": older}, CONFIG, "config.yaml")
    other = CONFIG.model_copy(update={"evaluation": CONFIG.evaluation.model_copy(update={"rollouts": 7})})
    with pytest.raises(UserError, match=r"other values of evaluation\.rollouts"):
        check_stamp({"config_hash": "older", "config": older}, other, "config.yaml")


def test_more_generations_are_no_difference():
    check_stamp(stamp_of(CONFIG), CONFIG.model_copy(update={"generations": 999}), "config.yaml")


def test_a_stamp_without_a_config_is_refused():
    with pytest.raises(UserError, match="expected the config that the checkpoint was made under"):
        check_stamp({"config_hash": "unknown"}, CONFIG, "config.yaml")
