"""The tasks by name, and how a config's options become one.

A new task is a file, a line here and a YAML; `tests/envs/test_task_contract.py` then tests it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, cast, get_type_hints

from envs.box2d.racer.task import CarRacing
from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.gymnasium.task import GymnasiumTask
from envs.images.classification import Classification
from envs.task import Task, preprocessing_of
from wann.champion import Champion
from wann.errors import UserError, did_you_mean

TASKS: dict[str, type] = {
    "cartpole_swingup": CartPoleSwingUp,
    "bipedal_walker": BipedalWalker,
    "car_racing": CarRacing,
    "classification": Classification,
    "gymnasium": GymnasiumTask,
}


def make_task(name: str, options: Mapping[str, Any]) -> Task:
    """The task of that name; ``options`` are the fields of its class, with the types declared there.

    Raises:
        UserError: an unknown task or option, a missing option, or a value of the wrong type; names
            the key as ``task.<option>``.
    """
    if name not in TASKS:
        raise UserError(f"task.name: unknown task {name!r}{did_you_mean(str(name), TASKS)}")
    declared = {field.name: field for field in fields(TASKS[name])}
    for option in options:
        if option not in declared:
            raise UserError(f"task.{option}: the task {name!r} has no such option{did_you_mean(str(option), declared)}")
    for option, field in declared.items():
        if option in options:
            _check_type(TASKS[name], option, str(field.type), options[option])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UserError(f"task.{option}: the task {name!r} needs this option, a value of type {field.type}")
    return cast(Task, TASKS[name](**options))


def task_of_champion(champion: Champion, simulator: str | None = None) -> Task:
    """The task a champion is for, by the options it was evolved with.

    Args:
        champion: as `wann.champion.load_champion` reads it.
        simulator: instead of the champion's own, in tasks that have several.

    Raises:
        UserError: an unknown task, one of other inputs and outputs than the champion's, or one whose networks would
            see something else than the champion did (CarRacing's encoder).
    """
    if champion.task not in TASKS:
        raise UserError(f"champion: unknown task {champion.task!r}{did_you_mean(champion.task, TASKS)}")
    options = dict(champion.task_options)
    if simulator is not None and any(field.name == "simulator" for field in fields(TASKS[champion.task])):
        options["simulator"] = simulator
    task = make_task(champion.task, options)
    found = (champion.genome.num_inputs, champion.genome.num_outputs)
    if found != (task.num_inputs, task.num_outputs):
        raise UserError(
            f"champion: expected {task.num_inputs} inputs and {task.num_outputs} outputs for task {champion.task!r}, "
            f"found {found[0]} and {found[1]}"
        )
    seen = preprocessing_of(task)
    if seen != champion.preprocessing:
        raise UserError(f"champion: expected the preprocessing {champion.preprocessing}, found {seen}")
    return task


def _check_type(task: type, option: str, expected: str, value: Any) -> None:
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(get_type_hints(task)[option]).validate_python(value, strict=True)
    except ValidationError as error:
        raise UserError(
            f"task.{option}: expected a value of type {expected}, found {value!r} ({type(value).__name__})"
        ) from error
