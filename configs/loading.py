"""Reading a config: YAML, then ``--set`` overrides, then the schema, then the registries.

Every mistake ends in one sentence that says where (file and line, or override), which key, what was
expected and what was found.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from configs.migration import migrated
from configs.schema import (
    STAGE_SECTIONS,
    Config,
    Section,
    StageConfig,
    stage_config,
    swept_config,
    unused_sections,
)
from configs.sweep import combinations, names
from wann.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from envs.task import Task

LOGGER = logging.getLogger(__name__)

KeyPath = tuple[str | int, ...]

_FLOAT_TAG, _TIMESTAMP_TAG = "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"
_EXPONENT = re.compile(r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$")
_HUGE = 2**1023  # the reach of floats


def _resolvers(base: Mapping[str, list]) -> dict[str, list]:
    """YAML 1.1, but 1e-3 and 1e6 are numbers, and dates are texts as JSON has no dates."""
    kept = {first: [rule for rule in rules if rule[0] != _TIMESTAMP_TAG] for first, rules in base.items()}
    for first in "-+.0123456789":
        kept[first] = [*kept.get(first, []), (_FLOAT_TAG, _EXPONENT)]
    return kept


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _resolvers(yaml.SafeLoader.yaml_implicit_resolvers)


class _Dumper(yaml.SafeDumper):
    # The same rules as the loader: "1e6" and "2024-01-01" must come back as what they were.
    yaml_implicit_resolvers = _resolvers(yaml.SafeDumper.yaml_implicit_resolvers)

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass(frozen=True)
class Origin:
    """Where a value was given: ``place`` opens the message; ``path`` is the key that stands there."""

    place: str
    path: KeyPath
    overrides: bool = False


@dataclass(frozen=True)
class Source:
    """Nested plain values, and the origin of every key of them."""

    name: str
    values: dict[str, Any]
    origins: dict[KeyPath, Origin]

    def origin(self, path: KeyPath) -> Origin:
        """The origin of the key, or of the nearest mapping around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return Origin(self.name, ())

    def origin_within(self, path: KeyPath) -> Origin:
        """The last override of a key within the mapping at ``path``, or else the origin of the mapping."""
        within = [origin for key, origin in self.origins.items() if key[: len(path)] == path and origin.overrides]
        return within[-1] if within else self.origin(path)


@dataclass(frozen=True)
class Document:
    """YAML text of a file, or of an override of the key ``base``."""

    text: str
    name: str
    base: KeyPath = ()

    def place(self, line: int | None = None) -> str:
        """Opens a message; an override is one line that the message shows."""
        return self.name if self.base or line is None else f"{self.name}:{line}"


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML config and apply ``key=value`` overrides (dotted keys, values in YAML).

    Raises:
        UserError: the file, a key, a value or an override is wrong.
    """
    document = Document(_read_text(Path(path)), str(path))
    values, lines = _parse(document)
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected a mapping of config keys, found {_show(values)}")
    source = Source(str(path), values, {key: Origin(document.place(line), key) for key, line in lines.items()})
    for override in overrides:
        _apply(override, source)
    source = _in_todays_layout(source)
    config = _validate(lambda: Config.model_validate(source.values), source)
    _check_whole(config, source)
    _check_sweep(config, source)
    return config


def _in_todays_layout(source: Source) -> Source:
    """The same source with keys of earlier layouts where they are today; one line on the log says so."""
    values, moves = migrated(source.values)
    if moves:
        LOGGER.warning("%s: keys of an earlier version: %s", source.name, "; ".join(map(str, moves)))
    moved = {path: Origin(source.origin(move.old).place, path) for move in moves for path in move.new}
    return Source(source.name, values, {**source.origins, **moved})


def dump_yaml(config: Config) -> str:
    """The resolved config, every key written out; `load_config` reads an equal one back."""
    values = config.model_dump(mode="json")
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: expected a config file, found none{_similar_file(path)}") from None
    except IsADirectoryError:
        raise UserError(f"{path}: expected a config file, found a directory") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected text in UTF-8, found byte 0x{error.object[error.start]:02x} in it") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected a readable config file, found: {one_line(error)}") from None


def _similar_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return f" (there is no directory {str(path.parent)!r})"
    near = get_close_matches(path.name, names, n=1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""


def _parse(document: Document) -> tuple[Any, dict[KeyPath, int]]:
    """Plain values, and the line of every key."""
    lines: dict[KeyPath, int] = {}
    try:
        loader = _Loader(document.text)
        root = loader.get_single_node()
        if root is None:
            return None, {}
        _walk(root, document.base, lines, document, set())
        values = loader.construct_document(root)
    except UserError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise UserError(f"{document.place(line)}: expected YAML, found: {one_line(error.problem or error)}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also a number of 5000 digits, or 5000 brackets
        raise UserError(f"{document.place()}: expected YAML of a config, found: {one_line(error)}") from None
    _check_plain(values, document.base, lines, document)
    return values, lines


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], document: Document, seen: set[int]) -> None:
    """Note the line of every key; refuse aliases, keys that are no names, and keys given twice."""
    if id(node) in seen:
        place = document.place(lines.get(path))
        raise UserError(f"{place}: {dotted(path)}: expected values written out, found a YAML alias")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*path, index] = item.start_mark.line + 1
            _walk(item, (*path, index), lines, document, seen)
    elif isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag != "tag:yaml.org,2002:str":
                inside = f" in {dotted(path)}" if path else ""
                found = _show(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "a list or mapping"
                raise UserError(f"{document.place(line)}: expected a name as key{inside}, found {found}")
            key = (*path, key_node.value)
            if key in lines:
                before = "" if document.base else f" (and on line {lines[key]})"
                raise UserError(
                    f"{document.place(line)}: {dotted(key)}: expected every key once, found it twice{before}"
                )
            lines[key] = line
            _walk(value_node, key, lines, document, seen)


def _check_plain(value: Any, path: KeyPath, lines: Mapping[KeyPath, int], document: Document) -> None:
    """Only what JSON holds: a config is stored in champion files and hashed as JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, (*path, key), lines, document)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, (*path, index), lines, document)
    elif expected := _unless_plain(value):
        where = f"{dotted(path)}: " if path else ""
        raise UserError(f"{document.place(lines.get(path))}: {where}expected {expected}, found {_show(value)}")


def _unless_plain(value: Any) -> str | None:
    """What was expected instead of a value that JSON cannot hold."""
    if isinstance(value, float):
        return None if math.isfinite(value) else "a finite number"
    if isinstance(value, int):
        return None if abs(value) < _HUGE else "a number within the reach of floats"
    if isinstance(value, str):
        return "valid Unicode" if any("\ud800" <= letter <= "\udfff" for letter in value) else None
    return None if value is None else "a text, number, switch, list or mapping"


def _apply(override: str, source: Source) -> None:
    """Write one ``key=value`` into the source, which is changed in place."""
    key, equals, text = override.partition("=")
    shown = one_line(override)
    place = f"--set {shown if len(shown) <= 80 else shown[:77] + '...'}"
    if not equals or not key.strip():
        raise UserError(f"{place}: expected KEY=VALUE, found {'no key' if equals else 'no ='}")
    path = tuple(key.strip().split("."))
    origin = Origin(place, path, overrides=True)
    value, _ = _parse(Document(text, place, path))
    target = source.values
    for depth, name in enumerate(path[:-1], start=1):
        if target.get(name) is None:
            target[name] = {}
            source.origins[path[:depth]] = origin
        target = target[name]
        if not isinstance(target, dict):
            found = f"{_show(target)} at {dotted(path[:depth])}"
            raise UserError(f"{place}: {dotted(path)}: expected a key within a mapping, found {found}")
    for below in [known for known in source.origins if known[: len(path)] == path]:
        del source.origins[below]
    target[path[-1]] = value
    source.origins[path] = origin


def _validate(make: Callable[[], Config], source: Source, base: KeyPath = ()) -> Config:
    """A config, or the first mistake in it; ``base`` is where its keys stand."""
    try:
        return make()
    except ValidationError as mistakes:
        errors = mistakes.errors(include_url=False)
    # A misspelt key explains more than what it left undone.
    _raise(min(errors, key=lambda error: error["type"] != "extra_forbidden"), source, base)


def _raise(error: ErrorDetails, source: Source, base: KeyPath) -> NoReturn:
    path = (*base, *error["loc"])
    if error["type"] == "extra_forbidden":
        origin = source.origin(path)
        whole = origin.path if origin.path[: len(path)] == path else path
        raise UserError(f"{origin.place}: {dotted(whole)}: expected a config key, found none so named{_nearest(whole)}")
    origin = source.origin_within(path) if error["type"] == "mistake" else source.origin(path)
    where = f"{dotted(path)}: " if path else ""
    raise UserError(f"{origin.place}: {where}{_expected_and_found(error)}")


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


def _expected_and_found(error: ErrorDetails) -> str:
    found, context = error["input"], error.get("ctx", {})
    if error["type"] == "mistake":
        return context["message"]
    if error["type"] == "missing":
        return "expected this key, found none"
    if error["type"] == "literal_error":
        names = re.findall(r"'([^']*)'", context["expected"])
        near = did_you_mean(found, names) if isinstance(found, str) and get_close_matches(found, names) else ""
        return f"expected {' or '.join(names)}, found {_show(found)}{near}"
    expected = _EXPECTED.get(error["type"])
    return f"expected {expected.format(**context) if expected else error['msg']}, found {_show(found)}"


def _nearest(path: KeyPath) -> str:
    """The config key that was meant: a similar dotted one, or all keys of the section."""
    root: type[Section] = Config
    around = ""
    if path[0] == "stages" and len(path) > 2:
        root, around, path = StageConfig, dotted(path[:2]), path[2:]
    name = dotted(path)
    others = [key for key in _known_keys(root, "") if not name.startswith(f"{key}.")]
    near = get_close_matches(name, others, n=1)
    if near:
        return f" (did you mean {dotted((around, near[0])) if around else near[0]!r}?)"
    section, depth = _enclosing_section(root, path)
    inside = dotted((*([around] if around else []), *path[:depth]))
    return f" (known{' in ' + inside if inside else ''}: {', '.join(section.model_fields)})"


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
    """The section that is the value of a key, or of its ``| None``, or that a stage gives parts of."""
    if section is StageConfig and name in STAGE_SECTIONS:
        return STAGE_SECTIONS[name]
    if name not in section.model_fields:
        return None
    annotation = section.model_fields[name].annotation
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None)


def _check_whole(config: Config, source: Source) -> None:
    """What the schema does not know of a config, and of all its stages."""
    for path in unused_sections(config):
        name = str(path[-1]).rpartition(".")[2]
        chosen = "the combination's strategy" if path[0] == "sweep" else "the chosen strategy"
        _refuse(path, f"no section but that of {chosen}", f"one of {name!r}", source)
    task = _check_registries(config, source)
    for index in range(len(config.stages)):
        _check_stage(config, index, task, source)


def _check_sweep(config: Config, source: Source) -> None:
    """Every combination is a config of its own; what is wrong in it is found where the sweep gives it."""
    found = combinations(config.sweep)
    for index, (combination, name) in enumerate(zip(found, names(found), strict=True)):
        swept: dict[KeyPath, Origin] = {
            tuple(key.split(".")): _origin_in_sweep(source, key, value) for key, value in combination.items()
        }
        around: dict[KeyPath, Origin] = {
            path[:length]: origin for path, origin in swept.items() for length in range(1, len(path))
        }
        own = Source(source.name, source.values, {**around, **source.origins, **swept})
        try:
            _check_whole(_validate(partial(swept_config, config, index), own), own)
        except UserError as error:
            raise UserError(f"{error} (combination {name} of the sweep)") from None


def _origin_in_sweep(source: Source, key: str, value: Any) -> Origin:
    """Where the sweep gives this value of a key, or else the key, or else the mapping around it."""
    best, where = source.origin(("sweep",)), (-1, False)
    for path, origin in source.origins.items():
        shown = ".".join(part for part in path[1:] if isinstance(part, str))
        if path[0] == "sweep" and f"{key}.".startswith(f"{shown}." if shown else ""):
            given = (len(shown), _value_at(source.values, path) == value)
            best, where = (origin, given) if given > where else (best, where)
    return Origin(best.place, tuple(key.split(".")))


def _value_at(values: Any, path: KeyPath) -> Any:
    for part in path:
        values = values[part]
    return values


def _check_registries(config: Config, source: Source, base: KeyPath = ()) -> Task:
    """Names of strategies and tasks, and a task's options, stand in registries above this package."""
    from envs.registry import make_task
    from evolution.mutation.registry import check_probabilities
    from evolution.registry import STRATEGIES

    _check_name(config.search.strategy, STRATEGIES, (*base, "search", "strategy"), "a strategy", source)
    try:
        check_probabilities(config.search.mutation.model_dump())
    except UserError as error:
        path = (*base, *error.key.split("."))
        raise error.at(key=dotted(path), place=source.origin_within(path).place) from None
    try:
        return make_task(config.task.name, config.task.options)
    except UserError as error:
        key: KeyPath = (*base, *(error.key or "task").split("."))
        raise error.at(key=dotted(key), place=error.place or source.origin(key).place) from None


def _check_name(name: str, known: Iterable[str], path: KeyPath, what: str, source: Source) -> None:
    if name not in known:
        _refuse(path, what, f"{name!r}{did_you_mean(name, known)}", source)


def _check_stage(config: Config, index: int, task: Task, source: Source) -> None:
    """The sections of a stage, merged over the config's own, and that genomes can pass from stage to stage."""
    base: KeyPath = ("stages", index)
    stage = _validate(lambda: stage_config(config, index), source, base)
    own = _check_registries(stage, source, base)
    if stage.task.name != config.task.name:
        _refuse(
            (*base, "task", "name"), f"{config.task.name!r}, one task for all stages", repr(stage.task.name), source
        )
    expected, found = ((each.num_inputs, each.num_outputs) for each in (task, own))
    if expected != found:
        shapes = [f"{inputs} inputs and {outputs} outputs" for inputs, outputs in (expected, found)]
        _refuse((*base, "task"), f"networks with {shapes[0]} in every stage", shapes[1], source)
    coming = config.stages[index - 1].survivors if index else 0
    if coming > stage.search.population:
        most = f"at most {stage.search.population}, the population of the next stage"
        _refuse(("stages", index - 1, "survivors"), most, str(coming), source)


def _refuse(path: KeyPath, expected: str, found: str, source: Source) -> NoReturn:
    raise UserError(f"{source.origin(path).place}: {dotted(path)}: expected {expected}, found {found}")


def dotted(path: KeyPath) -> str:
    """``search.activations[2]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def one_line(message: object) -> str:
    """Text of any origin as part of one sentence."""
    return " ".join(str(message).split())


def _show(value: Any) -> str:
    """A value as the YAML has it, shortened."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = "a huge number" if isinstance(value, int) and abs(value) >= _HUGE else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
