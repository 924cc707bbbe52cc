"""The files of a trained model of sequences: the model, its results, and the state of training that can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.given_settings import with_settings
from baselines.model_file import read_tensors
from baselines.models.sequences.sequence_model import SequenceModel
from baselines.registry import SEQUENCE_BASELINES
from baselines.sequence_options import SequencePlan, problem_of, shape_of
from baselines.train_sequences import SequenceResult, plain_plan
from baselines.training.on_sequences import Point, TrainingState
from envs.sequences.problem import Problem
from storage.files import write_atomically
from wann.errors import UserError, did_you_mean

MODEL, RESULTS, TRAINING = "model.safetensors", "results.json", "training.safetensors"
_GROUPS = ("model", "averages", "best", "moments")


def save_result(directory: str | Path, result: SequenceResult) -> None:
    """Write the model and its results, each atomically.

    Raises:
        RunError: the disk is full or fails.
    """
    _write(Path(directory, MODEL), result.model.state_dict(), {"provenance": result.provenance})
    write_atomically(Path(directory, RESULTS), (json.dumps(result.plain(), indent=1) + "\n").encode())


def load_sequence_model(path: str | Path) -> tuple[SequenceModel, Problem, dict[str, Any]]:
    """The model in a file that `save_result` wrote, on the CPU and ready for tests, its problem and its provenance.

    Raises:
        UserError: the file cannot be read, or holds something else.
    """
    metadata, tensors = read_tensors(path)
    provenance: Any = metadata.get("provenance")
    try:
        name, task, options, settings = (provenance[key] for key in ("baseline", "task", "task_options", "model"))
    except (KeyError, TypeError):
        raise UserError(
            place=path, expected="a model of sequences with its provenance", found="another file of tensors"
        ) from None
    if name not in SEQUENCE_BASELINES:
        found = f"{name!r}{did_you_mean(str(name), SEQUENCE_BASELINES)}"
        raise UserError(place=path, expected="a known model of sequences", found=found)
    try:
        problem = problem_of(task, options)
        known = with_settings(SEQUENCE_BASELINES[name].settings, settings, "model", f"the model {name}")
    except UserError as error:
        raise error.at(place=path) from None
    model = SEQUENCE_BASELINES[name].make(shape_of(problem), known, torch.Generator().manual_seed(0))
    try:
        model.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    except RuntimeError:
        expected = f"the tensors of a {name} with these settings for {task}"
        raise UserError(place=path, expected=expected, found="others") from None
    return model.eval(), problem, dict(provenance)


def save_state(directory: str | Path, plan: SequencePlan, state: TrainingState) -> None:
    """Write the state of training atomically.

    Raises:
        RunError: the disk is full or fails.
    """
    tensors = {f"{group}:{name}": value for group in _GROUPS for name, value in getattr(state, group).items()}
    plain = {
        "update": state.update,
        "cpu_seconds": state.cpu_seconds,
        "best_update": state.best_update,
        "curve": [asdict(point) for point in state.curve],
    }
    _write(Path(directory, TRAINING), tensors, {"plan": plain_plan(plan), "state": plain})


def load_state(directory: str | Path, plan: SequencePlan) -> TrainingState:
    """The state that `save_state` wrote.

    Raises:
        UserError: there is none, or it is of another plan.
    """
    path = Path(directory, TRAINING)
    metadata, tensors = read_tensors(path)
    kept, asked = _completed(metadata.get("plan"), plan), json.loads(json.dumps(plain_plan(plan)))
    if kept != asked:
        differing = [key for key in asked if not isinstance(kept, dict) or kept.get(key) != asked[key]]
        expected = "the options that this training was begun with"
        raise UserError(place=path, expected=expected, found=f"other ones ({', '.join(differing)})")
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in _GROUPS}
    for key, value in tensors.items():
        group, _, name = key.partition(":")
        groups[group][name] = torch.from_numpy(value).to(plan.device)
    plain: dict[str, Any] = metadata["state"] | groups
    return TrainingState(**plain | {"curve": [Point(**point) for point in plain["curve"]]})


def _completed(kept: Any, plan: SequencePlan) -> Any:
    """A plan of an earlier version, with today's defaults for settings that it did not know."""
    if isinstance(kept, dict):
        for part, defaults in (("training", plan.trainer), ("model", plan.settings)):
            if isinstance(kept.get(part), dict):
                known = {entry.name: entry.default for entry in fields(defaults) if entry.default is not MISSING}
                kept[part] = known | kept[part]
    return kept


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    from safetensors.numpy import save

    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in tensors.items()}
    write_atomically(path, save(arrays, {key: json.dumps(value) for key, value in metadata.items()}))
