"""The champion file: a network in a form that people can keep, read, and load without this library.

It is JSON with fixed keys in a fixed order, one node and one connection per line, and exact numbers. Equal champions
give equal bytes. Files are checked completely on reading: a wrong file raises a `UserError` of one sentence that names
the file and the place in it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np

from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS
from wann.errors import UserError, did_you_mean
from wann.files import write_whole
from wann.genome import MAX_DELAY, Genome, make_genome

FORMAT_VERSION = 1
_KEYS = (
    "format_version",
    "task",
    "num_inputs",
    "num_outputs",
    "input_names",
    "output_names",
    "nodes",
    "connections",
    "weights",
    "returns",
    "config",
    "seed",
    "generation",
    "simulator",
    "preprocessing",
    "versions",
)
_LINE_WIDTH = 100
_MOST = 2**63 - 1
_T = TypeVar("_T")


@dataclass(frozen=True)
class Champion:
    """A genome with its task, its returns, and its origin.

    Mappings hold plain JSON values; numbers in them are finite.
    """

    genome: Genome
    task: str  # name
    input_names: tuple[str, ...]  # [I]
    output_names: tuple[str, ...]  # [O]
    weights: tuple[float, ...]  # [W] shared weights swept
    returns: Mapping[str, Any]  # confirmed ones
    config: Mapping[str, Any]
    seed: int
    generation: int
    simulator: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    # [E], one for each enabled connection in the genome's order. None for one shared weight, and for a network without
    # enabled connections.
    individual_weights: tuple[float, ...] | None = None


def save_champion(path: str | Path, champion: Champion) -> None:
    """Write `format_champion` to a file atomically.

    Raises:
        OSError: the disk is full or fails; the old file is intact.
        ValueError: the champion has a value that its file may not have.
    """
    write_whole(Path(path), format_champion(champion).encode("ascii"))


def load_champion(path: str | Path) -> Champion:
    """Read and check a champion file.

    Raises:
        UserError: the file cannot be read, or breaks the format. It has the place, the expectation and the finding.
    """
    expected = "a champion file"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(place=path, expected=expected, found="none") from None
    except IsADirectoryError:
        raise UserError(place=path, expected=expected, found="a directory") from None
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} in it"
        raise UserError(place=path, expected="text in UTF-8", found=found) from None
    except (OSError, ValueError) as error:
        raise UserError(place=path, expected="a readable champion file", found=f"none: {error}") from None
    return parse_champion(text, str(path))


# --- writing ---


def format_champion(champion: Champion) -> str:
    """The text of a champion file, which `parse_champion` accepts.

    Raises:
        ValueError: the champion has a value that its file may not have, such as NaN.
    """
    document = _document(champion)
    lines = [f"  {json.dumps(key)}: {_render(value, '  ', key)}" for key, value in document.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    parse_champion(text, "champion")
    return text


def _document(champion: Champion) -> dict[str, Any]:
    genome = champion.genome
    if "name" in champion.task_options:
        raise ValueError("champion: task_options: expected options only, found 'name', the key of the task itself")
    if champion.individual_weights is not None and len(champion.individual_weights) != genome.num_enabled:
        raise ValueError(
            f"champion: individual_weights: expected one for each of {genome.num_enabled} enabled connections, "
            f"found {len(champion.individual_weights)}"
        )
    return {
        "format_version": FORMAT_VERSION,
        "task": {"name": champion.task, **{key: champion.task_options[key] for key in sorted(champion.task_options)}},
        "num_inputs": genome.num_inputs,
        "num_outputs": genome.num_outputs,
        "input_names": list(champion.input_names),
        "output_names": list(champion.output_names),
        "nodes": [
            {"kind": _kind(genome.num_inputs, genome.num_outputs, index), "activation": ACTIVATION_OF_CODE[code].name}
            for index, code in enumerate(genome.activations.tolist())
        ],
        "connections": _connection_records(genome, champion.individual_weights),
        "weights": [float(weight) for weight in champion.weights],
        "returns": champion.returns,
        "config": champion.config,
        "seed": champion.seed,
        "generation": champion.generation,
        "simulator": champion.simulator,
        "preprocessing": champion.preprocessing,
        "versions": champion.versions,
    }


def _connection_records(genome: Genome, individual: Iterable[float] | None) -> list[dict[str, Any]]:
    columns = (genome.sources, genome.targets, genome.enabled, genome.delays, genome.plastic)
    records: list[dict[str, Any]] = [
        {
            "source": source,
            "target": target,
            "enabled": enabled,
            **({"delay": delay} if delay else {}),
            **({"plastic": True} if plastic else {}),
        }
        for source, target, enabled, delay, plastic in zip(*(column.tolist() for column in columns), strict=True)
    ]
    if individual is not None:
        enabled_records = (record for record in records if record["enabled"])
        for record, weight in zip(enabled_records, individual, strict=True):
            record["weight"] = float(weight)
    return records


def _kind(num_inputs: int, num_outputs: int, index: int) -> str:
    if index == 0:
        return "bias"
    if index <= num_inputs:
        return "input"
    return "output" if index <= num_inputs + num_outputs else "hidden"


def _render(value: Any, indent: str, key: str = "") -> str:
    """JSON, on one line if that is short. Nodes and connections are always one per line."""
    line = json.dumps(value, default=_python_value, allow_nan=False)
    value = json.loads(line)
    if not isinstance(value, dict | list) or not value:
        return line
    if key not in ("nodes", "connections") and len(indent) + len(key) + len(line) <= _LINE_WIDTH:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(name)}: {_render(item, inner, name)}" for name, item in value.items()]
    else:
        rows = [inner + _render(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(rows) + "\n" + indent + closing


def _python_value(value: Any) -> Any:
    """NumPy numbers and arrays as Python numbers and lists."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"champion: expected plain JSON values, found {type(value).__name__}")


# --- reading ---


def parse_champion(text: str, name: str = "champion") -> Champion:
    """A champion from the text of its file. Error messages begin with ``name``.

    Raises:
        UserError: the text breaks the format.
    """
    try:
        return _champion(_parse_json(text))
    except UserError as error:
        raise error.at(place=f"{name}{error.place}") from None


def _champion(value: Any) -> Champion:
    document = _object(value, "", _KEYS)
    _check_version(document["format_version"], "format_version")
    task, options = _task(document["task"], "task")
    genome, individual = _genome(document)
    preprocessing = document["preprocessing"]
    return Champion(
        genome=genome,
        task=task,
        task_options=options,
        input_names=_names(document["input_names"], "input_names", genome.num_inputs),
        output_names=_names(document["output_names"], "output_names", genome.num_outputs),
        weights=tuple(_items(document["weights"], "weights", _number)),
        returns=_mapping(document["returns"], "returns"),
        config=_mapping(document["config"], "config"),
        seed=_whole(document["seed"], "seed"),
        generation=_whole(document["generation"], "generation"),
        simulator=_text(document["simulator"], "simulator"),
        preprocessing=None if preprocessing is None else _mapping(preprocessing, "preprocessing"),
        versions=_versions(document["versions"], "versions"),
        individual_weights=individual,
    )


def _parse_json(text: str) -> Any:
    """Values of the text. The ``place`` of an error is its line, such as ``:7``, to be appended to the file's name."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        document = dict(pairs)
        if len(document) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = next(key for index, key in enumerate(keys) if key in keys[:index])
            raise UserError(expected="every key once", found=f"{repeated!r} twice in one object")
        return document

    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise UserError(expected="finite numbers", found=text)
        return value

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=finite, parse_float=finite)
    except json.JSONDecodeError as error:
        found = f"another text: {error.msg} (column {error.colno})"
        raise UserError(place=f":{error.lineno}", expected="JSON", found=found) from None
    except UserError:
        raise
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, brackets nested 5000 deep
        raise UserError(expected="JSON of a champion", found=f"another text: {error}") from None


def _check_version(value: Any, key: str) -> None:
    version = _whole(value, key)
    if version != FORMAT_VERSION:
        newer = ", written by a newer version of this library" if version > FORMAT_VERSION else ""
        _fail(key, str(FORMAT_VERSION), f"{version}{newer}")


def _task(value: Any, key: str) -> tuple[str, dict[str, Any]]:
    options = dict(_mapping(value, key))
    if "name" not in options:
        _fail(key, "an object with the key 'name'", f"the keys {', '.join(map(repr, options)) or 'none'}")
    return _text(options.pop("name"), f"{key}.name"), options


def _genome(document: Mapping[str, Any]) -> tuple[Genome, tuple[float, ...] | None]:
    num_inputs = _whole(document["num_inputs"], "num_inputs", least=1)
    num_outputs = _whole(document["num_outputs"], "num_outputs", least=1)
    activations = _nodes(document["nodes"], "nodes", num_inputs, num_outputs)
    connections = _connections(document["connections"], "connections", len(activations))
    sources, targets, enabled = ([record[key] for record in connections] for key in ("source", "target", "enabled"))
    delays, plastic = [[record.get(key, 0) for record in connections] for key in ("delay", "plastic")]
    try:
        genome = make_genome(num_inputs, num_outputs, activations, sources, targets, enabled, delays, plastic)
    except ValueError as error:
        expected, found = "a network", f"a mistake: {error}"
        raise UserError(key="connections", expected=expected, found=found) from None
    weights = tuple(record["weight"] for record in connections if "weight" in record)
    return genome, weights or None


def _nodes(value: Any, key: str, num_inputs: int, num_outputs: int) -> list[int]:
    """Activation codes, in the order bias, inputs, outputs, hidden."""
    nodes = _list(value, key)
    if len(nodes) < 1 + num_inputs + num_outputs:
        _fail(key, f"at least {1 + num_inputs + num_outputs} nodes (bias, inputs and outputs)", f"{len(nodes)} of them")
    codes = []
    for index, node in enumerate(nodes):
        where = f"{key}[{index}]"
        _object(node, where, ("kind", "activation"))
        kind, activation = _text(node["kind"], f"{where}.kind"), _text(node["activation"], f"{where}.activation")
        expected = _kind(num_inputs, num_outputs, index)
        if kind != expected:
            order = f"the order is bias, {num_inputs} inputs, {num_outputs} outputs, hidden nodes"
            _fail(f"{where}.kind", f"{expected!r} ({order})", repr(kind))
        if activation not in ACTIVATIONS:
            near = did_you_mean(activation, ACTIVATIONS)
            _fail(f"{where}.activation", "the name of an activation", f"{_show(activation)}{near}")
        codes.append(ACTIVATIONS[activation].code)
    return codes


def _connections(value: Any, key: str, num_nodes: int) -> list[Mapping[str, Any]]:
    """Check each connection, and that either all enabled ones have a weight or none has."""
    connections = _list(value, key)
    for index, connection in enumerate(connections):
        where = f"{key}[{index}]"
        _object(connection, where, ("source", "target", "enabled"), optional=("delay", "plastic", "weight"))
        for end in ("source", "target"):
            _whole(connection[end], f"{where}.{end}", most=num_nodes - 1, what="the index of a node")
        for flag in ("enabled", "plastic"):
            if not isinstance(connection.get(flag, False), bool):
                _fail(f"{where}.{flag}", "true or false", _show(connection[flag]))
        _whole(connection.get("delay", 0), f"{where}.delay", most=MAX_DELAY, what="steps")
        if "weight" in connection:
            connection["weight"] = _number(connection["weight"], f"{where}.weight")
    weighted = any("weight" in connection for connection in connections)
    for index, connection in enumerate(connections):
        where = f"{key}[{index}]"
        if weighted and connection["enabled"] and "weight" not in connection:
            _fail(where, "a weight, as other connections have one", "none")
        if not connection["enabled"] and "weight" in connection:
            _fail(where, "no weight on a disabled connection", str(connection["weight"]))
    return connections


def _object(value: Any, key: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """An object with exactly these keys."""
    found = _mapping(value, key)
    known = (*required, *optional)
    for name in found:
        if name not in known:
            _fail(key, "known keys only", f"{_show(name)}{did_you_mean(name, known)}")
    for name in required:
        if name not in found:
            _fail(key, f"the key {name!r}", f"only {', '.join(found)}" if found else "an empty object")
    return found


def _mapping(value: Any, key: str) -> dict[str, Any]:
    return value if isinstance(value, dict) else _fail(key, "an object", _show(value))


def _list(value: Any, key: str) -> list[Any]:
    return value if isinstance(value, list) else _fail(key, "a list", _show(value))


def _items(value: Any, key: str, item: Callable[[Any, str], _T]) -> list[_T]:
    return [item(element, f"{key}[{index}]") for index, element in enumerate(_list(value, key))]


def _names(value: Any, key: str, count: int) -> tuple[str, ...]:
    names = tuple(_items(value, key, _text))
    return names if len(names) == count else _fail(key, f"{count} names", f"{len(names)} of them")


def _versions(value: Any, key: str) -> dict[str, str]:
    return {name: _text(version, f"{key}.{name}") for name, version in _mapping(value, key).items()}


def _text(value: Any, key: str) -> str:
    return value if isinstance(value, str) else _fail(key, "a text", _show(value))


def _whole(value: Any, key: str, least: int = 0, most: int = _MOST, what: str = "a whole number") -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        _fail(key, f"{what} {f'of at least {least}' if most == _MOST else f'from {least} to {most}'}", _show(value))
    return value


def _number(value: Any, key: str) -> float:
    """A finite number. Integers beyond the range of floats are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        _fail(key, "a finite number", _show(value))
    return float(value)


def _show(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fail(key: str, expected: str, found: str) -> NoReturn:
    raise UserError(key=key, expected=expected, found=found)
