"""The formats that a champion is exported to, by name.

A new format is a file with a function, and a line here; `tests/inspection/test_exports.py` then asks for a way to read
it back and compares what it says with the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from inspection.exports.dot import render_dot
from inspection.exports.formula import render_formula
from inspection.exports.graphml import render_graphml
from inspection.exports.onnx_model import render_onnx
from inspection.exports.setting import Setting
from inspection.exports.torch_module import render_torch
from wann.champion import Champion
from wann.errors import UserError, did_you_mean
from wann.files import write_whole

_INSTALL = 'pip install "weight-agnostic-search[export]"'


@dataclass(frozen=True)
class Export:
    """A format: the file's name, what gives its bytes, and the packages that this needs."""

    file_name: str
    render: Callable[[Champion, Setting], bytes]
    packages: tuple[str, ...] = ()


EXPORTS: dict[str, Export] = {
    "onnx": Export("champion.onnx", render_onnx, ("onnx",)),
    "torch": Export("champion_torch.py", render_torch),
    "graphml": Export("champion.graphml", render_graphml, ("networkx",)),
    "sympy": Export("champion_formula.txt", render_formula, ("sympy",)),
    "dot": Export("champion.dot", render_dot),
}


def export_champion(
    champion: Champion, directory: str | Path, formats: Sequence[str], weight: float | None
) -> list[Path]:
    """Write a file for each format, under the name that `EXPORTS` gives it; files that stand there are replaced.

    Args:
        champion: as `wann.champion.load_champion` reads it; its texts may hold anything.
        directory: made if it is missing.
        formats: keys of `EXPORTS`.
        weight: shared by all connections, what a model computes with unless it is told another one; None for the
            champion's individual weights. See `default_weight`.

    Returns:
        the paths, in the order of ``formats``.

    Raises:
        UserError: an unknown format, a package that is missing, no weight, or a directory that cannot be written to.
    """
    _check(formats)
    setting = _setting(champion, weight)
    directory = Path(directory)
    rendered = {directory / EXPORTS[name].file_name: EXPORTS[name].render(champion, setting) for name in formats}
    for path, content in rendered.items():
        _write(path, content)
    return list(rendered)


def default_weight(champion: Champion) -> float | None:
    """What to export a champion with: None for individual weights if it has some, else its best shared weight.

    That is the one its returns were reported at, or the swept one of highest mean return, or the first one swept; 1
    for a champion of which nothing is known.
    """
    if champion.individual_weights is not None:
        return None
    best = champion.returns.get("best_shared_weight")
    if (weight := _number_at(best, "weight")) is not None:
        return weight
    swept = champion.returns.get("per_weight")
    records = [(_number_at(r, "mean"), _number_at(r, "weight")) for r in swept] if isinstance(swept, list) else []
    known = [(mean, weight) for mean, weight in records if mean is not None and weight is not None]
    return max(known)[1] if known else next(iter(champion.weights), 1.0)


def _number_at(record: Any, key: str) -> float | None:
    """A number of the returns of a champion's file, whose shape nobody has checked."""
    value = record.get(key) if isinstance(record, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _check(formats: Sequence[str]) -> None:
    for name in formats:
        if name not in EXPORTS:
            raise UserError(f"export: expected known formats, found {name!r}{did_you_mean(name, EXPORTS)}")
        for package in EXPORTS[name].packages:
            if find_spec(package) is None:
                raise UserError(f"export: expected what writes {name}, found no package {package!r}; {_INSTALL}")


def _setting(champion: Champion, weight: float | None) -> Setting:
    if weight is not None:
        if not np.isfinite(weight):
            raise UserError(f"weight: expected a finite number, found {weight}")
        return np.array(weight, np.float64)
    if champion.individual_weights is None and champion.genome.num_enabled:
        raise UserError("weight: expected a shared weight, found none, and the champion has no weights of its own")
    return np.array(champion.individual_weights or (), np.float64)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise UserError(f"{path}: expected a path that can be written, found: {error.strerror or error}") from error
