"""Champions of the published research code: a matrix of weights and activations as CSV.

The format is that of `numpy.savetxt`: a row for each of N nodes in the order bias, inputs, hidden, outputs. Entry j of
row i is the weight of the connection from i to j, 0 if there is none and nan if its gene is disabled. Entry N is the
activation of node i. Weights have three digits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from configs.schema import PUBLISHED_WEIGHTS
from envs.registry import make_task
from envs.task import preprocessing_of
from wann.activations import ACTIVATIONS, PUBLISHED_ACTIVATIONS
from wann.champion import Champion
from wann.errors import UserError
from wann.genome import LINEAR, Genome, make_genome

# Activations of this project that came later have no number in such a file.
_CODES = [ACTIVATIONS[name].code for name in PUBLISHED_ACTIVATIONS]


def import_published(
    path: str | Path, task: str, keep_weights: bool, task_options: Mapping[str, Any] | None = None
) -> Champion:
    """A champion from a file of the published code.

    The file does not record its origin: the champion has no returns yet, seed and generation 0, and the file's name and
    SHA-256 as its config. A connection whose weight was exactly 0 cannot be told from an absent one and is dropped. The
    activations of the bias and the inputs are ignored, as in the published code. A hidden node may precede its sources;
    the published code would then compute it from zeros. The pole and the walker are the same as there; a racer of the
    published code saw the latents of another encoder.

    Args:
        path: of the file.
        task: a key of `envs.registry.TASKS`; it gives the numbers and the meaning of inputs and outputs.
        keep_weights: keep the weights as the champion's individual ones; otherwise the published shared ones are used.
        task_options: as in a config.

    Raises:
        UserError: the task is unknown, or the file cannot be read or breaks the format. It names the row and column,
            counted from 1.
    """
    made = make_task(task, task_options or {})
    content = _read(path)
    matrix, codes = _parse(content, str(path), made.num_inputs, made.num_outputs)
    genome, individual = _genome(matrix, codes, made.num_inputs, made.num_outputs, str(path))
    return Champion(
        genome=genome,
        task=task,
        task_options=dict(task_options or {}),
        input_names=made.input_names,
        output_names=made.output_names,
        weights=() if keep_weights else PUBLISHED_WEIGHTS,
        returns={},
        config={
            "imported": {
                "format": "published CSV",
                "file": Path(path).name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "weights": "kept" if keep_weights else "dropped",
            }
        },
        seed=0,
        generation=0,
        simulator=made.reported.simulated_by,
        preprocessing=preprocessing_of(made),
        individual_weights=(individual or None) if keep_weights else None,
    )


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError(place=path, expected="a CSV file", found="none") from None
    except IsADirectoryError:
        raise UserError(place=path, expected="a CSV file", found="a directory") from None
    except (OSError, ValueError) as error:
        raise UserError(place=path, expected="a readable CSV file", found=f"{error}") from None


def _parse(
    content: bytes, name: str, num_inputs: int, num_outputs: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """[N, N] weights and [N] activation codes, in the order of the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{content[error.start]:02x} in it"
        raise UserError(place=name, expected="text in UTF-8", found=found) from None
    rows = [line.split(",") for line in text.split("\n") if line.strip() and not line.startswith("#")]
    least = 1 + num_inputs + num_outputs
    if len(rows) < least:
        _fail(name, f"at least {least} rows (the bias, {num_inputs} inputs and {num_outputs} outputs)", f"{len(rows)}")
    for index, row in enumerate(rows):
        if len(row) != len(rows) + 1:
            columns = f"{len(rows) + 1} columns ({len(rows)} weights, as there are rows, and an activation)"
            _fail(f"{name}: row {index + 1}", columns, f"{len(row)}")
    table = np.array([[_number(cell, name, i, j) for j, cell in enumerate(row)] for i, row in enumerate(rows)])
    return table[:, :-1], _codes(table[:, -1], name, num_inputs)


def _number(cell: str, name: str, row: int, column: int) -> float:
    try:
        value = float(cell) if "_" not in cell else None  # Python would read 1_000
    except ValueError:
        value = None
    if value is None or np.isinf(value):
        shown = cell.strip()
        _fail(_place(name, row, column), "a number or nan", repr(shown if len(shown) <= 40 else f"{shown[:37]}..."))
    return value


def _codes(column: NDArray[np.float64], name: str, num_inputs: int) -> NDArray[np.int64]:
    codes = np.full(len(column), LINEAR, np.int64)
    for node in range(1 + num_inputs, len(column)):
        if column[node] not in _CODES:
            known = f"the number of an activation, {_CODES[0]} to {_CODES[-1]}"
            _fail(_place(name, node, len(column)), known, f"{column[node]:g}")
        codes[node] = int(column[node])
    return codes


def _genome(
    matrix: NDArray[np.float64], codes: NDArray[np.int64], num_inputs: int, num_outputs: int, name: str
) -> tuple[Genome, tuple[float, ...]]:
    """The genome, whose outputs stand before the hidden nodes, and the weights of its enabled connections."""
    num_nodes, first_output = len(matrix), len(matrix) - num_outputs
    sources, targets = np.nonzero(matrix)  # nan too
    for source, target in zip(sources.tolist(), targets.tolist(), strict=True):
        found = f"{matrix[source, target]:g}"
        if target <= num_inputs:
            into = f"0, as nothing enters {'the bias' if target == 0 else 'an input'}"
            _fail(_place(name, source, target), f"{into} (task: {num_inputs} inputs)", found)
        if source >= first_output:
            _fail(_place(name, source, target), f"0, as nothing leaves an output (task: {num_outputs} outputs)", found)
    if cycle := _cycle(num_nodes, sources.tolist(), targets.tolist()):
        around = " -> ".join(str(node + 1) for node in cycle)
        _fail(_place(name, cycle[0], cycle[1]), "a feed-forward network", f"a cycle through rows {around}")
    order = np.r_[0 : 1 + num_inputs, first_output:num_nodes, 1 + num_inputs : first_output]  # of rows, in the genome
    place = np.argsort(order)
    weights = matrix[sources, targets]
    enabled = ~np.isnan(weights)
    genome = make_genome(num_inputs, num_outputs, codes[order], place[sources], place[targets], enabled)
    return genome, tuple(weights[enabled].tolist())


def _cycle(num_nodes: int, sources: Sequence[int], targets: Sequence[int]) -> list[int]:
    """Nodes of a cycle, the first one again at the end; none if there is none."""
    feeds: list[list[int]] = [[] for _ in range(num_nodes)]
    waiting = [0] * num_nodes
    for source, target in zip(sources, targets, strict=True):
        feeds[source].append(target)
        waiting[target] += 1
    ready = [node for node in range(num_nodes) if not waiting[node]]
    while ready:
        for target in feeds[ready.pop()]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    stuck = {target: source for source, target in zip(sources, targets, strict=True) if waiting[source]}
    stuck = {target: source for target, source in stuck.items() if waiting[target]}
    if not stuck:
        return []
    # Every stuck node has a stuck source, so a walk back along them must return to a node.
    path = [next(iter(stuck))]
    while path[-1] not in path[:-1]:
        path.append(stuck[path[-1]])
    return path[path.index(path[-1]) :][::-1]


def _place(name: str, row: int, column: int) -> str:
    return f"{name}: row {row + 1}, column {column + 1}"


def _fail(place: str, expected: str, found: str) -> NoReturn:
    raise UserError(place=place, expected=expected, found=found)
