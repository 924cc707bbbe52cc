"""The formats that a champion is exported to, by name.

A new format is a file with a function, and a line here; `tests/inspection/exports/test_exports.py` then asks for a way
to read it back and compares what it says with the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inspection.exports.dot import render_dot
from inspection.exports.formula import render_formula
from inspection.exports.graphml import render_graphml
from inspection.exports.onnx_model import render_onnx
from inspection.exports.setting import Setting
from inspection.exports.torch_module import render_torch
from inspection.weights import best_weight, check_finite
from wann.champion import Champion
from wann.errors import UserError, did_you_mean
from wann.extras import check_installed
from wann.files import write_whole


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
    champion: Champion, directory: str | Path, formats: Sequence[str], weight: float | None = None
) -> list[Path]:
    """Write a file for each format, under its name in `EXPORTS`. Existing files are replaced.

    Neither the task's simulator nor its data is needed.

    Args:
        champion: from `wann.champion.load_champion`; its texts are untrusted.
        directory: created if it is missing.
        formats: keys of `EXPORTS`.
        weight: shared by all connections, and the default weight of a model; None for the champion's individual
            weights, or its best shared one (`inspection.weights.best_weight`).

    Returns:
        The paths, in the order of ``formats``.

    Raises:
        UserError: a format is unknown, a package is missing, a weight is not finite or beyond a format's range, or the
            directory cannot be written to.
    """
    check_formats(formats)
    setting = _setting(champion, best_weight(champion) if weight is None else weight)
    directory = Path(directory)
    rendered = {directory / EXPORTS[name].file_name: EXPORTS[name].render(champion, setting) for name in formats}
    for path, content in rendered.items():
        _write(path, content)
    return list(rendered)


def check_formats(formats: Sequence[str], key: str = "export") -> None:
    """Refuse formats that cannot be written.

    Args:
        formats: names.
        key: of the option that they came from, for messages.

    Raises:
        UserError: an unknown format, or a package that is missing.
    """
    for name in formats:
        if name not in EXPORTS:
            expected = f"formats of {', '.join(EXPORTS)}"
            raise UserError(key=key, expected=expected, found=f"{name!r}{did_you_mean(name, EXPORTS)}")
        for package in EXPORTS[name].packages:
            check_installed(package, f"a package that writes {name}", extra="export", key=key)


def _setting(champion: Champion, weight: float | None) -> Setting:
    if weight is None:
        return np.array(champion.individual_weights or (), np.float64)
    check_finite(weight)
    return np.array(weight, np.float64)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise UserError(
            place=path, expected="a path that can be written", found=f"{error.strerror or error}"
        ) from error
