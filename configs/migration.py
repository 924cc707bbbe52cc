"""Configs of earlier layouts, moved to today's.

Settings of one strategy used to be among the keys that all strategies share. Each strategy now has a section of its
own. Configs, run directories, champions and checkpoints made earlier can still be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from configs.sweep import combinations, normal_sweep

# Old key below `search`: the sections it is in now, and its name there.
_MOVED: dict[str, tuple[tuple[str, ...], str]] = {
    "newborn_ratio": (("age_fitness", "lower_bound"), "newborn_ratio"),
    "age_generations": (("age_fitness", "lower_bound"), "age_generations"),
    "confidence": (("lower_bound",), "confidence"),
    "prior_rollouts": (("lower_bound",), "prior_rollouts"),
    "gradient": (("gradient_informed",), ""),  # the whole section
}
_DEFAULT_STRATEGY = "published"


@dataclass(frozen=True)
class Move:
    """A moved key: old and new path, such as ``search.confidence`` and ``search.lower_bound.confidence``."""

    old: tuple[str | int, ...]
    new: tuple[tuple[str | int, ...], ...]  # empty if no chosen strategy has such a setting

    def __str__(self) -> str:
        targets = " and ".join(_dotted(path) for path in self.new)
        return f"{_dotted(self.old)} is {targets} now" if targets else f"{_dotted(self.old)} has no effect, left out"


def migrated(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Move]]:
    """A config's values in today's layout, and the keys that were moved to get there.

    Args:
        values: nested plain values from a file, in any layout. They are not changed.

    Returns:
        Equal values and no moves if there is nothing to move. Invalid values are kept for the schema to refuse.
    """
    values, moves = dict(values), []
    search = values.get("search")
    base = _strategy(search, _DEFAULT_STRATEGY)
    stages = values.get("stages")
    stages = list(stages) if isinstance(stages, list | tuple) else []
    own = [_strategy(stage.get("search"), base) if isinstance(stage, Mapping) else base for stage in stages]
    sweep = values.get("sweep")
    if isinstance(search, Mapping):
        chosen = dict.fromkeys([base, *own, *_swept_strategies(sweep)])
        values["search"], found = _moved(search, chosen, ("search",))
        moves += found
    for index, (stage, strategy) in enumerate(zip(stages, own, strict=True)):
        if isinstance(stage, Mapping) and isinstance(stage.get("search"), Mapping):
            chosen = dict.fromkeys([strategy, *([] if "strategy" in stage["search"] else _swept_strategies(sweep))])
            section, found = _moved(stage["search"], chosen, ("stages", index, "search"))
            stages[index] = {**stage, "search": section}
            moves += found
    if stages:
        values["stages"] = stages
    if sweep is not None:
        values["sweep"], found = _migrated_sweep(sweep, base)
        moves += found
    return values, moves


def _moved(
    section: Mapping[str, Any], strategies: Iterable[str], base: tuple[str | int, ...]
) -> tuple[dict[str, Any], list[Move]]:
    """A ``search`` section with old keys moved into the sections of the strategies that have such a setting."""
    kept = {key: value for key, value in section.items() if key not in _MOVED}
    moves = []
    for old in section.keys() & _MOVED.keys():
        names, setting = _MOVED[old]
        takers = [name for name in strategies if name in names]
        if setting:
            for name in takers:
                given = kept.get(name)
                kept[name] = {**(given if isinstance(given, Mapping) else {}), setting: section[old]}
        else:
            kept |= {name: section[old] for name in takers if section[old] is not None}
        path = [(*base, name, setting) if setting else (*base, name) for name in takers]
        moves.append(Move((*base, old), tuple(path)))
    return kept, sorted(moves, key=lambda move: _dotted(move.old))


def _migrated_sweep(sweep: Any, base: str) -> tuple[Any, list[Move]]:
    """A sweep with new key names. It becomes a list of combinations if a key belongs to several swept strategies."""
    try:
        normal = normal_sweep(sweep)
    except ValueError:
        return sweep, []
    found = combinations(normal)
    old = sorted({key for each in found for key in each if _old_name(key) is not None})
    if not old:
        return sweep, []
    listed: list[dict[str, Any]] = []
    moves: dict[tuple[str, str], None] = {}
    for each in found:
        combination = {}
        for key, value in each.items():
            new = _new_key(key, each.get("search.strategy", base))
            combination[new] = value
            if new != key:
                moves[key, new] = None
        listed.append(combination)
    by_key = {key: [new for was, new in moves if was == key] for key in old}
    if isinstance(normal, dict) and all(len(new) == 1 for new in by_key.values()):
        result: Any = {by_key.get(key, [key])[0]: values for key, values in normal.items()}
    else:
        result = listed
    return result, [Move(("sweep", key), tuple(("sweep", name) for name in new)) for key, new in by_key.items()]


def _new_key(key: str, strategy: str) -> str:
    """The new key in one combination. A key that its strategy lacks goes to the first that has it, and is refused."""
    name = _old_name(key)
    if name is None:
        return key
    names, setting = _MOVED[name]
    section = strategy if strategy in names else names[0]
    rest = key.removeprefix(f"search.{name}")
    return f"search.{section}.{setting}{rest}" if setting else f"search.{section}{rest}"


def _old_name(key: str) -> str | None:
    """The old key that a dotted key equals or lies within; None for others."""
    parts = key.split(".")
    return parts[1] if parts[0] == "search" and len(parts) > 1 and parts[1] in _MOVED else None


def _swept_strategies(sweep: Any) -> list[str]:
    try:
        found = combinations(normal_sweep(sweep))
    except ValueError:
        return []
    return [each["search.strategy"] for each in found if isinstance(each.get("search.strategy"), str)]


def _strategy(search: Any, default: str) -> str:
    name = search.get("strategy", default) if isinstance(search, Mapping) else default
    return name if isinstance(name, str) else default


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
