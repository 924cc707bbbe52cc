"""Reading YAML text as plain values whose origins are known.

A `Document` is text with a name. A `Source` holds the values of a file and its overrides, with the `Origin` of every
key, so that an error can name its place: file and line, or override.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from wann.errors import UserError

# A key within nested values; list entries are numbers.
KeyPath = tuple[str | int, ...]

_FLOAT_TAG, _TIMESTAMP_TAG = "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"
_NUMBER_TAGS = ("tag:yaml.org,2002:int", _FLOAT_TAG)
_EXPONENT = re.compile(r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$")
_OCTAL = re.compile(r"^[-+]?0[0-7_]+$")
_HUGE = 2**1023  # the range of floats


def _resolvers(base: Mapping[str, list]) -> dict[str, list]:
    """The rules of YAML 1.1, except that 1e-3 and 1e6 are numbers, and dates are texts because JSON has no dates."""
    kept = {first: [rule for rule in rules if rule[0] != _TIMESTAMP_TAG] for first, rules in base.items()}
    for first in "-+.0123456789":
        kept[first] = [*kept.get(first, []), (_FLOAT_TAG, _EXPONENT)]
    return kept


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _resolvers(yaml.SafeLoader.yaml_implicit_resolvers)


class _Dumper(yaml.SafeDumper):
    # The loader's rules, so that the texts "1e6" and "2024-01-01" are read back as texts.
    yaml_implicit_resolvers = _resolvers(yaml.SafeDumper.yaml_implicit_resolvers)

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass(frozen=True)
class Origin:
    """The place where a value was given, as it begins a message, and the key at that place."""

    place: str
    path: KeyPath
    overrides: bool = False


@dataclass(frozen=True)
class Document:
    """The YAML text of a file, or of an override of the key ``base``."""

    text: str
    name: str
    base: KeyPath = ()

    def place(self, line: int | None = None) -> str:
        """``FILE:LINE``, or the override itself, which is one line."""
        return self.name if self.base or line is None else f"{self.name}:{line}"


@dataclass(frozen=True)
class Source:
    """Nested plain values, and the origin of every key. `override` and `lay` change it in place."""

    name: str
    values: dict[str, Any]
    origins: dict[KeyPath, Origin] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: str | Path) -> Source:
        """The values of a YAML file.

        Raises:
            UserError: the file does not exist, or is not YAML, or not a mapping.
        """
        document = Document(_read_text(Path(path)), str(path))
        values, lines = _parse(document)
        if not isinstance(values, dict):
            raise UserError(place=path, expected="a mapping of config keys", found=shown(values))
        return cls(str(path), values, {key: Origin(document.place(line), key) for key, line in lines.items()})

    @classmethod
    def of_mapping(cls, values: Mapping[str, Any], name: str = "") -> Source:
        """Values given by Python code: mappings with text keys, lists, and JSON's scalars."""
        plain = _plain_copy(values)
        document = Document("", name)
        _check_plain(plain, (), {}, document)
        return cls(name, plain)

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

    def override(self, text: str) -> None:
        """Apply one ``key=value`` of a command line: a dotted key, and a value in YAML.

        Raises:
            UserError: the text has another form, the value is not YAML, or the key is below a value that is no mapping.
        """
        key, equals, given = text.partition("=")
        shortened = one_line(text)
        place = f"--set {shortened if len(shortened) <= 80 else shortened[:77] + '...'}"
        if not equals or not key.strip():
            raise UserError(place=place, expected="KEY=VALUE", found="no key" if equals else "no =")
        path = tuple(key.strip().split("."))
        value, _ = _parse(Document(given, place, path))
        self._put(path, value, place)

    def lay(self, changes: Mapping[str, Any]) -> None:
        """Merge Python values over these, mapping by mapping. Keys may be dotted.

        Raises:
            UserError: a key is below a value that is no mapping, or JSON cannot hold a value.
        """
        for path, value in _leaves(_plain_copy(changes)):
            _check_plain(value, path, {}, Document("", self.name, path))
            self._put(path, value, self.name)

    def _put(self, path: KeyPath, value: Any, place: str) -> None:
        origin = Origin(place, path, overrides=True)
        target: Any = self.values
        for depth, name in enumerate(path[:-1], start=1):
            if target.get(name) is None:
                target[name] = {}
                self.origins[path[:depth]] = origin
            target = target[name]
            if not isinstance(target, dict):
                around = dotted(path[:depth])
                raise UserError(
                    place=place,
                    key=dotted(path),
                    expected="a key within a mapping",
                    found=f"{shown(target)} at {around}",
                    remedy=f"an override replaces a list as a whole: {around}=[...]" if type(target) is list else "",
                )
        for below in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[below]
        target[path[-1]] = value
        self.origins[path] = origin


def dump(values: Mapping[str, Any]) -> str:
    """Plain values as YAML. `Source.of_file` reads equal values back."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120)


def dotted(path: KeyPath) -> str:
    """A key path as text, such as ``search.activations[2]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def one_line(message: object) -> str:
    """Any text on one line, for use in a sentence."""
    return " ".join(str(message).split())


def shown(value: Any) -> str:
    """A value in YAML notation, shortened."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = "a huge number" if isinstance(value, int) and abs(value) >= _HUGE else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read_text(path: Path) -> str:
    wrong = UserError(place=path, expected="a config file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise wrong.at(found=f"none{_similar_file(path)}") from None
    except IsADirectoryError:
        raise wrong.at(found="a directory") from None
    except UnicodeDecodeError as error:
        raise wrong.at(expected="text in UTF-8", found=f"byte 0x{error.object[error.start]:02x} in it") from None
    except (OSError, ValueError) as error:
        raise wrong.at(expected="a readable config file", found=f"none ({one_line(error)})") from None


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
        raise UserError(
            place=document.place(line), expected="YAML", found=f"text that is none ({one_line(error.problem or error)})"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also a number of 5000 digits, or 5000 brackets
        raise UserError(
            place=document.place(), expected="YAML", found=f"text that is none ({one_line(error)})"
        ) from None
    _check_plain(values, document.base, lines, document)
    return values, lines


def _no_yaml(place: str, reason: object) -> UserError:
    return UserError(place=place, expected="YAML", found=f"text that is none ({one_line(reason)})")


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], document: Document, seen: set[int]) -> None:
    """Note the line of every key. Refuse aliases, keys that are not names, duplicate keys and ambiguous numbers."""
    if id(node) in seen:
        raise UserError(
            place=document.place(lines.get(path)),
            key=dotted(path),
            expected="values written out",
            found="a YAML alias",
        )
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*path, index] = item.start_mark.line + 1
            _walk(item, (*path, index), lines, document, seen)
    elif isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = _key_of(key_node, path, lines, document)
            lines[key] = key_node.start_mark.line + 1
            _walk(value_node, key, lines, document, seen)
    elif isinstance(node, yaml.ScalarNode):
        _check_number(node, path, lines, document)


def _key_of(node: yaml.Node, path: KeyPath, lines: Mapping[KeyPath, int], document: Document) -> KeyPath:
    place = document.place(node.start_mark.line + 1)
    if node.tag != "tag:yaml.org,2002:str":
        inside = f" in {dotted(path)}" if path else ""
        found = shown(node.value) if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        raise UserError(place=place, expected=f"a name as key{inside}", found=found)
    key = (*path, str(node.value))
    if key in lines:
        before = "" if document.base else f" (and on line {lines[key]})"
        raise UserError(place=place, key=dotted(key), expected="every key once", found=f"it twice{before}")
    return key


def _check_number(node: yaml.ScalarNode, path: KeyPath, lines: Mapping[KeyPath, int], document: Document) -> None:
    """Refuse numbers that YAML 1.1 reads differently from a person: it reads 010 as 8, and 1:30 as 90."""
    text = node.value
    if node.style is not None or node.tag not in _NUMBER_TAGS or not (":" in text or _OCTAL.match(text)):
        return
    value = yaml.safe_load(text)
    if ":" in text:
        remedy = f"write {value}, or {text!r} for a text"
    else:
        meant = int(text.replace("_", ""))
        if meant == value:
            return
        remedy = f"write {meant} or {value}"
    raise UserError(
        place=document.place(lines.get(path, node.start_mark.line + 1)),
        key=dotted(path),
        expected="a decimal number",
        found=f"{text}, which YAML reads as {value}",
        remedy=remedy,
    )


def _check_plain(value: Any, path: KeyPath, lines: Mapping[KeyPath, int], document: Document) -> None:
    """Refuse values that JSON cannot hold, because a config is stored in champion files and hashed as JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, (*path, key), lines, document)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, (*path, index), lines, document)
    elif expected := _unless_plain(value):
        raise UserError(place=document.place(lines.get(path)), key=dotted(path), expected=expected, found=shown(value))


def _unless_plain(value: Any) -> str | None:
    """The expectation, in words, for a value that JSON cannot hold; None for any other value."""
    if isinstance(value, float):
        return None if math.isfinite(value) else "a finite number"
    if isinstance(value, int):
        return None if abs(value) < _HUGE else "a number within the reach of floats"
    if isinstance(value, str):
        return "valid Unicode" if any("\ud800" <= letter <= "\udfff" for letter in value) else None
    return None if value is None else "a text, number, switch, list or mapping"


def _plain_copy(value: Any) -> Any:
    """A copy with mappings as dicts with text keys, sequences as lists, and NumPy numbers as Python numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain_copy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_copy(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # a NumPy array or number; this room does not import NumPy
        return _plain_copy(value.tolist())
    return deepcopy(value)


def _leaves(nested: Mapping[str, Any], base: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Key paths and values. Dotted keys are split, and empty mappings are values."""
    for key, value in nested.items():
        path = (*base, *key.split("."))
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def apply(source: Source, overrides: Sequence[str] | Mapping[str, Any]) -> None:
    """Apply the overrides of a command line, in order, or those of a Python call."""
    if isinstance(overrides, Mapping):
        source.lay(overrides)
    else:
        for override in overrides:
            source.override(override)
