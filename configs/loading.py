"""Reading a config: a YAML file or a mapping, then overrides, then the schema.

Every mistake is a `UserError` with its place (file and line, or override), the key, the expectation and the finding.
`experiment.checking` checks names and options from registries above this room.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from configs.derived import stage_config, swept_config, unused_sections
from configs.migration import migrated
from configs.schema import STAGE_SECTIONS, Config, Section, StageConfig
from configs.sweep import combinations, names
from configs.yaml_source import KeyPath, Origin, Source, apply, dotted, dump, one_line, shown
from wann.errors import UserError, did_you_mean

LOGGER = logging.getLogger(__name__)

# ``key=value`` texts of a command line, in order, or nested values from Python code, whose keys may be dotted.
Overrides = Sequence[str] | Mapping[str, Any]


def load_config(path: str | Path, overrides: Overrides = (), tell_moves: bool = True) -> Config:
    """Read a YAML config and apply overrides: ``key=value`` texts (dotted keys, values in YAML), or a mapping.

    Args:
        path: of the file.
        overrides: in order.
        tell_moves: False to log no line about keys of an earlier layout, for a file that is read twice.

    Raises:
        UserError: the file, a key, a value or an override is wrong.
    """
    return config_of(read(path, overrides, tell_moves))


def from_mapping(values: Mapping[str, Any], overrides: Overrides = ()) -> Config:
    """The config of nested Python values, such as ``{"search": {"population": 32}}``, with overrides.

    Raises:
        UserError: a key or a value is wrong.
    """
    return config_of(read(values, overrides))


def dump_yaml(config: Config) -> str:
    """The resolved config with every key written out. `load_config` reads an equal config back."""
    return dump(config.model_dump(mode="json"))


def read(config: str | Path | Mapping[str, Any], overrides: Overrides = (), tell_moves: bool = True) -> Source:
    """The values of a file or mapping with overrides, and their origins, before validation by the schema.

    ``tell_moves`` is that of `load_config`.

    Raises:
        UserError: the file or an override is wrong.
    """
    source = Source.of_mapping(config) if isinstance(config, Mapping) else Source.of_file(config)
    apply(source, overrides)
    return _in_todays_layout(source, tell_moves)


def _in_todays_layout(source: Source, tell: bool) -> Source:
    """The source with keys of earlier layouts moved to today's. One line on the log says so, if ``tell``."""
    values, moves = migrated(source.values)
    if moves and tell:
        LOGGER.warning("%s: keys of an earlier version: %s", source.name or "config", "; ".join(map(str, moves)))
    moved = {path: Origin(source.origin(move.old).place, path) for move in moves for path in move.new}
    return Source(source.name, values, {**source.origins, **moved})


def config_of(source: Source) -> Config:
    """The validated config of a source. Every stage of every combination of its sweep is validated too.

    Raises:
        UserError: a key or a value is wrong.
    """
    config = _validated(lambda: Config.model_validate(source.values), source)
    _check_sections(config, source)
    for _ in parts_of(config, source):
        pass
    return config


@dataclass(frozen=True)
class Part:
    """A plain search that a config stands for, and the origin of its keys."""

    config: Config  # without stages; for a combination, without the sweep
    source: Source
    base: KeyPath = ()  # path of the stage's keys
    combination: str = ""  # name of the combination, if any

    def refused(self, key: str, error: UserError) -> UserError:
        """An error in the value of a dotted key of this search, with the place where the value was given."""
        path = (*self.base, *key.split("."))
        place = error.place or self.source.origin_within(path).place
        return _in_combination(error.at(key=dotted(path), place=place), self.combination)


def _check_sections(config: Config, source: Source) -> None:
    """Refuse settings of strategies that are never chosen."""
    for path in unused_sections(config):
        name = str(path[-1]).rpartition(".")[2]
        chosen = "the combination's strategy" if path[0] == "sweep" else "the chosen strategy"
        expected = f"no section but that of {chosen}"
        raise UserError(place=source.origin(path).place, key=dotted(path), expected=expected, found=f"one of {name!r}")


def parts_of(config: Config, source: Source) -> Iterator[Part]:
    """For every combination of the sweep (or the config itself): the search without its stages, then each stage.

    Raises:
        UserError: the schema refuses one of them.
    """
    yield from _stages_of(config, source, "")
    found = combinations(config.sweep)
    for index, (combination, name) in enumerate(zip(found, names(found), strict=True)):
        own = _swept_source(source, combination)
        try:
            swept = _validated(partial(swept_config, config, index), own)
            _check_sections(swept, own)
            yield from _stages_of(swept, own, name)
        except UserError as error:
            raise _in_combination(error, name) from None


def _stages_of(config: Config, source: Source, combination: str) -> Iterator[Part]:
    yield Part(config, source, (), combination)
    for index in range(len(config.stages)):
        base: KeyPath = ("stages", index)
        part = Part(_validated(partial(stage_config, config, index), source, base), source, base, combination)
        _check_survivors(config, index, part)
        yield part


def _check_survivors(config: Config, index: int, part: Part) -> None:
    """Refuse a stage whose population cannot hold the survivors of the stage before."""
    coming, room = config.stages[index - 1].survivors if index else 0, part.config.search.population
    if coming > room:
        before = replace(part, base=("stages", index - 1))
        wrong = UserError(expected=f"at most {room}, the population of the next stage", found=str(coming))
        raise before.refused("survivors", wrong)


def _in_combination(error: UserError, name: str) -> UserError:
    if not name or name in error.remedy:
        return error
    return error.at(remedy="; ".join(filter(None, (error.remedy, f"it is in combination {name} of the sweep"))))


def _swept_source(source: Source, combination: Mapping[str, Any]) -> Source:
    """The values of a config with those of a combination, whose origins are in the sweep."""
    swept: dict[KeyPath, Origin] = {
        tuple(key.split(".")): _origin_in_sweep(source, key, value) for key, value in combination.items()
    }
    around: dict[KeyPath, Origin] = {
        path[:length]: origin for path, origin in swept.items() for length in range(1, len(path))
    }
    return replace(source, origins={**around, **source.origins, **swept})


def _origin_in_sweep(source: Source, key: str, value: Any) -> Origin:
    """The origin of this value of a key in the sweep; failing that, of the key, or of the mapping around it."""
    best, where = source.origin(("sweep",)), (-1, False)
    for path, origin in source.origins.items():
        name = ".".join(part for part in path[1:] if isinstance(part, str))
        if path[0] == "sweep" and f"{key}.".startswith(f"{name}." if name else ""):
            given = (len(name), _value_at(source.values, path) == value)
            best, where = (origin, given) if given > where else (best, where)
    return Origin(best.place, tuple(key.split(".")))


def _value_at(values: Any, path: KeyPath) -> Any:
    for part in path:
        values = values[part]
    return values


def _validated(make: Callable[[], Config], source: Source, base: KeyPath = ()) -> Config:
    """The validated config, or an error for its first mistake. ``base`` is the path of its keys."""
    try:
        return make()
    except ValidationError as mistakes:
        errors = mistakes.errors(include_url=False)
    # Report a misspelt key first: it often causes the other errors.
    _raise(min(errors, key=lambda error: error["type"] != "extra_forbidden"), source, base)


def _raise(error: ErrorDetails, source: Source, base: KeyPath) -> NoReturn:
    path = (*base, *error["loc"])
    if error["type"] == "extra_forbidden":
        origin = source.origin(path)
        whole = origin.path if origin.path[: len(path)] == path else path
        found = f"none so named{_nearest(whole)}"
        raise UserError(place=origin.place, key=dotted(whole), expected="a config key", found=found)
    origin = source.origin_within(path) if error["type"] == "mistake" else source.origin(path)
    expected, found = _expected_and_found(error, path)
    raise UserError(place=origin.place, key=dotted(path), expected=expected, found=found)


# The expectation in words for each kind of pydantic's errors. Names in braces come from the error's context.
_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "too_short": "at least {min_length} entry",
    "string_too_short": "a text that is not empty",
    "string_pattern_mismatch": "letters, digits, - and _ (at most 40)",
}


def _expected_and_found(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    given, context = error["input"], error.get("ctx", {})
    if error["type"] == "mistake":
        return context["expected"], context["found"]
    if error["type"] == "missing":
        return "this key", "none"
    if error["type"] == "literal_error":
        choices = _choices(path)
        near = did_you_mean(given, choices) if isinstance(given, str) and get_close_matches(given, choices) else ""
        return " or ".join(choices), f"{shown(given)}{near}"
    expected = _EXPECTED.get(error["type"])
    return expected.format(**context) if expected else one_line(error["msg"]), shown(given)


def _nearest(path: KeyPath) -> str:
    """A hint at the key that was meant: a similar dotted key, or all keys of the section."""
    root, around, path = _root_of(path)
    name = dotted(path)
    # Messages name entries of lists by indices. In an override, an index is part of a name.
    if any("[" in part for part in path if isinstance(part, str)):
        name = name.partition("[")[0]
        if name in _known_keys(root, ""):
            return f" (an override replaces a list as a whole: {dotted((*around, name))}=[...])"
    others = [key for key in _known_keys(root, "") if not name.startswith(f"{key}.")]
    near = get_close_matches(name, others, n=1)
    if near:
        return f" (did you mean {dotted((*around, near[0]))!r}?)"
    section, depth = _enclosing_section(root, path)
    inside = dotted((*around, *path[:depth]))
    return f" (known{' in ' + inside if inside else ''}: {', '.join(section.model_fields)})"


def _root_of(path: KeyPath) -> tuple[type[Section], KeyPath, KeyPath]:
    """The section to look a key path up in, the part of the path that leads there, and the rest."""
    if path[0] == "stages" and len(path) > 2:
        return StageConfig, path[:2], path[2:]
    return Config, (), path


def _enclosing_section(root: type[Section], path: KeyPath) -> tuple[type[Section], int]:
    section = root
    for depth, name in enumerate(path):
        inner = _section_of(section, str(name))
        if inner is None:
            return section, depth
        section = inner
    return section, len(path)


def _known_keys(section: type[Section], prefix: str) -> Iterable[str]:
    for name in section.model_fields:
        yield prefix + name
        inner = _section_of(section, name)
        if inner is not None:
            yield from _known_keys(inner, f"{prefix}{name}.")


def _section_of(section: type[Section], name: str) -> type[Section] | None:
    """The section type of a key: its type, the type beside ``None``, or the section that a stage gives parts of."""
    if section is StageConfig and name in STAGE_SECTIONS:
        return STAGE_SECTIONS[name]
    return next((kind for kind in _kinds(section, name) if isinstance(kind, type) and issubclass(kind, Section)), None)


def _choices(path: KeyPath) -> list[str]:
    """The literal texts that a key accepts."""
    root, _, path = _root_of(path)
    section, depth = _enclosing_section(root, path)
    return [
        str(choice)
        for kind in _kinds(section, str(path[depth]))
        if get_origin(kind) is Literal
        for choice in get_args(kind)
    ]


def _kinds(section: type[Section], name: str) -> tuple[Any, ...]:
    """The type of a key, or the members of a union type."""
    field = section.model_fields.get(name)
    return () if field is None else (field.annotation, *get_args(field.annotation))
