"""The files of a trained baseline: ``model.safetensors``, which describes itself, and ``results.json``.

A baseline whose topology is trained leaves a champion file too, ``champion.json``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.gate_champion import champion_of
from baselines.models.model import Model, Problem
from baselines.models.topology import start_of_file
from baselines.registry import BASELINES
from baselines.train import Result
from envs.images.datasets import dataset_of
from envs.images.inputs import input_kinds
from storage.files import write_atomically
from storage.run_directory import CHAMPION
from wann.champion import format_champion
from wann.errors import UserError, did_you_mean


def save(directory: str | Path, result: Result) -> None:
    """Write the files, each atomically.

    Raises:
        RunError: the disk is full or fails.
    """
    from safetensors.numpy import save as encode

    tensors = {
        name: np.ascontiguousarray(value.detach().cpu().numpy()) for name, value in result.model.state_dict().items()
    }
    model = encode(tensors, {"provenance": json.dumps(result.provenance)})
    write_atomically(Path(directory, "model.safetensors"), model)
    write_atomically(Path(directory, "results.json"), (json.dumps(result.plain(), indent=1) + "\n").encode())
    champion = champion_of(result)
    if champion is not None:
        write_atomically(Path(directory, CHAMPION), format_champion(champion).encode())


def load_model(path: str | Path) -> tuple[Model, dict[str, Any]]:
    """The model in a file that `save` wrote, on the CPU, and its provenance.

    Raises:
        UserError: the file cannot be read, or holds something else.
    """
    metadata, tensors = read_tensors(path)
    provenance: Any = metadata.get("provenance")
    try:
        name, dataset, inputs = (provenance[key] for key in ("baseline", "dataset", "inputs"))
        described = dataset_of(dataset)
        num_inputs, num_classes = math.prod(input_kinds(described)[inputs]), len(described.classes)
    except (KeyError, TypeError):
        raise UserError(
            place=path, expected="a baseline with its provenance", found="another file of tensors"
        ) from None
    if name not in BASELINES:
        found = f"{name!r}{did_you_mean(str(name), BASELINES)}"
        raise UserError(place=path, expected="a known baseline", found=found)
    problem = Problem(num_inputs, num_classes, start_of_file(tensors, num_inputs, num_classes))
    try:
        model = BASELINES[name].make(problem, torch.Generator().manual_seed(0))
        model.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    except (RuntimeError, AssertionError):
        raise UserError(place=path, expected=f"the tensors of a {name}", found="others") from None
    return model, dict(provenance)


def read_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """The metadata of a file of tensors, whose values are JSON or text, and the tensors.

    Raises:
        UserError: the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            metadata = {key: _plain(value) for key, value in (file.metadata() or {}).items()}
            return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError:
        raise UserError(place=path, expected="a model file", found="none") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(place=path, expected="a model in safetensors", found=f"{error}") from None


def _plain(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
