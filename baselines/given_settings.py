"""Settings from a command line: ``--set PART.NAME=VALUE``, checked against the fields of frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from configs.yaml_source import Source
from envs.registry import check_type, declared_options
from wann.errors import UserError, did_you_mean

_Settings = TypeVar("_Settings")


def read_settings(texts: Sequence[str], parts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The values of ``PART.NAME=VALUE`` texts by part and name; values are YAML.

    Raises:
        UserError: a text has another form, or there is no such part.
    """
    source = Source.of_mapping({part: {} for part in parts})
    for text in texts:
        source.override(text)
    for part, values in source.values.items():
        if part not in parts or not isinstance(values, dict):
            expected = f"NAME=VALUE with a NAME that begins with {', '.join(f'{known}.' for known in parts)}"
            raise UserError(key="--set", expected=expected, found=part)
    return source.values


def with_settings(defaults: _Settings, values: Mapping[str, Any], part: str, owner: str) -> _Settings:
    """A frozen dataclass with some of its fields replaced.

    Args:
        defaults: the dataclass.
        values: of fields by name.
        part: which the names begin with on the command line.
        owner: of the fields, for messages, such as "the model lstm".

    Raises:
        UserError: there is no such field, or a value has the wrong type or is refused by the dataclass.
    """
    kind = type(defaults)
    declared = declared_options(kind)
    for name, value in values.items():
        key = f"--set {part}.{name}"
        if name not in declared:
            raise UserError(
                key=key, expected=f"a setting of {owner}", found=f"no such one{did_you_mean(str(name), declared)}"
            )
        check_type(kind, declared[name], value, key)
    return replace(defaults, **values)  # type: ignore[type-var]
