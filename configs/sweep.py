"""A sweep: several values of config keys, and their combinations. It works on plain values, without the schema."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wann.errors import UserError

# Each combination is one search per replicate. More than this is taken for a typing error.
MOST_COMBINATIONS = 1000
# Maximal length of a combination's name (characters).
_LONGEST_NAME = 80
_NOT_SWEPT = {
    "seed": "replicates give each combination several seeds",
    "replicates": "they are as many for each combination",
    "stages": "sweep what they share, such as search.population",
    "sweep": "there is one sweep",
    "workers": "they decide no result",
    "logging": "it decides no result",
}

Grid = dict[str, list[Any]]
Listed = list[dict[str, Any]]
# Dotted keys of the config, and a value for each.
Combination = dict[str, Any]


def normal_sweep(given: Any) -> Grid | Listed | None:
    """The normal form of a sweep: dotted keys with lists of values, or a list of combinations; None if there is none.

    Raises:
        UserError: not a sweep, a key that cannot be swept, a value given twice, or too many combinations.
    """
    if not isinstance(given, Mapping | list | tuple):
        if given is None:
            return None
        raise _mistake("keys with lists of values, or a list of combinations", _shown(given))
    if not given:
        return None
    sweep = _grid(given) if isinstance(given, Mapping) else _listed(given)
    found = math.prod(len(values) for values in sweep.values()) if isinstance(sweep, dict) else len(sweep)
    if found > MOST_COMBINATIONS:
        raise _mistake(f"at most {MOST_COMBINATIONS} combinations", str(found))
    return sweep


def combinations(sweep: Grid | Listed | None) -> list[Combination]:
    """Every combination, in order. In a grid the last key changes fastest."""
    if sweep is None:
        return []
    if isinstance(sweep, list):
        return [dict(each) for each in sweep]
    choices = itertools.product(*sweep.values())
    return [dict(_flat(dict(zip(sweep, choice, strict=True)))) for choice in choices]


def names(found: Sequence[Combination]) -> list[str]:
    """A directory name for each combination, in order, such as ``01-population=64,complexity_probability=0.2``."""
    labels = swept_labels(found)
    digits = len(str(len(found)))
    result = []
    for number, combination in enumerate(found, start=1):
        parts = [f"{label}={value_text(combination[key])}" for key, label in labels.items() if key in combination]
        plain = re.sub(r"[^A-Za-z0-9._+=,-]+", "-", ",".join(parts))[:_LONGEST_NAME]
        result.append(f"{number:0{max(2, digits)}d}-{plain}")
    return result


def swept_labels(found: Sequence[Combination]) -> dict[str, str]:
    """The keys in which combinations differ, each with the shortest end of it that is unique."""
    keys = list(dict.fromkeys(key for combination in found for key in combination))
    swept = [key for key in keys if len({_canonical(each.get(key)) for each in found}) > 1] or keys
    return {key: _shortest(key, swept) for key in swept}


def value_text(value: Any) -> str:
    """A value as a person would write it."""
    if isinstance(value, list | tuple):
        return "+".join(value_text(item) for item in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _mistake(expected: str, found: str) -> UserError:
    return UserError(key="sweep", expected=expected, found=found)


def _grid(given: Mapping[str, Any]) -> Grid:
    grid: Grid = {}
    for key, values in _flat(given):
        _check_key(key, grid)
        if not isinstance(values, list | tuple) or not values:
            raise _mistake(f"a list of values for {key}", _shown(values))
        _check_different(f"values of {key}", values)
        grid[key] = list(values)
    return grid


def _listed(given: Sequence[Any]) -> Listed:
    listed: Listed = []
    for number, entry in enumerate(given):
        if not isinstance(entry, Mapping) or not entry:
            raise _mistake(f"keys and values in combination {number + 1}", _shown(entry))
        combination: Combination = {}
        for key, value in _flat(entry):
            _check_key(key, combination)
            combination[key] = value
        listed.append(combination)
    _check_different("combinations", listed)
    return listed


def _check_key(key: str, before: Mapping[str, Any]) -> None:
    if key in before:
        raise _mistake("every key once", f"{key} twice")
    reason = _NOT_SWEPT.get(key.partition(".")[0])
    if reason:
        raise _mistake("keys that decide what one search finds", f"{key} ({reason})")


def _check_different(what: str, values: Sequence[Any]) -> None:
    texts = [_canonical(value) for value in values]
    for index, text in enumerate(texts):
        if text in texts[:index]:
            raise _mistake(f"different {what}", f"{_shown(values[index])} twice")


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values. Anything that is not a mapping is a value."""
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shortest(key: str, among: Sequence[str]) -> str:
    parts = key.split(".")
    ends = [".".join(parts[start:]) for start in range(len(parts) - 1, -1, -1)]
    return next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in among) == 1 or end == key)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
