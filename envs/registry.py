"""The registry of tasks, and the making of a task from a config's options.

A new task of the project is a file and a line in `TASKS`. A user's own task needs no line: its name is
``module:Class`` (docs/tasks.md). `envs.testing.check_task` tests both.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, cast, get_type_hints

from envs.box2d.racer.task import CarRacing
from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.gymnasium.task import GymnasiumTask
from envs.images.classification import Classification
from envs.sequences.registry import PROBLEMS
from envs.sequences.tasks import (
    AssociativeRetrievalTask,
    CopyTask,
    CopyVectorsTask,
    CountingTask,
    DelayedXorTask,
    DigitsPixelsTask,
    DigitsRowsTask,
    ParityTask,
    TemporalOrderTask,
)
from envs.task import Task, preprocessing_of
from envs.user_modules import import_user_module
from wann.champion import Champion
from wann.errors import UserError, did_you_mean

TASKS: dict[str, type] = {
    "cartpole_swingup": CartPoleSwingUp,
    "bipedal_walker": BipedalWalker,
    "car_racing": CarRacing,
    "classification": Classification,
    "gymnasium": GymnasiumTask,
    "parity": ParityTask,
    "copy": CopyTask,
    "copy_vectors": CopyVectorsTask,
    "associative_retrieval": AssociativeRetrievalTask,
    "counting": CountingTask,
    "delayed_xor": DelayedXorTask,
    "temporal_order": TemporalOrderTask,
    "digits_rows": DigitsRowsTask,
    "digits_pixels": DigitsPixelsTask,
}


class TaskNotMade(UserError):  # noqa: N818 - the champion is no mistake
    """A champion's task cannot be made here: its module, data or simulator is missing, or another one."""


# Members that a task class must have.
_MEMBERS = tuple(name for name in vars(Task) if not name.startswith("_"))


def task_class(name: str, key: str = "task.name") -> type:
    """The class of a task: from `TASKS`, or a user's own as ``module:Class``.

    Args:
        name: from a config or a champion file.
        key: key of the config, or option of the command line, that gives the name.

    Raises:
        UserError: the task, module or class does not exist, or the class is not a frozen dataclass with all members of
            `envs.task.Task`.
    """
    if name in TASKS:
        return TASKS[name]
    if name in PROBLEMS:
        asked = f"{name!r}, which only trained models can be asked"
        raise UserError(key=key, expected="a task of weight-agnostic networks", found=asked)
    module, colon, class_name = str(name).partition(":")
    if not colon:
        raise UserError(key=key, expected="a task", found=f"{name!r}{did_you_mean(str(name), TASKS)}")
    if not module or not class_name or module == "__main__":
        raise UserError(key=key, expected="module:Class, of a module that other processes can import", found=repr(name))
    names = vars(import_user_module(module, key))
    found = names.get(class_name)
    if not isinstance(found, type):
        classes = [each for each, value in names.items() if isinstance(value, type) and value.__module__ == module]
        raise UserError(
            key=key,
            expected=f"a class of the module {module!r}",
            found=f"{class_name!r}{did_you_mean(class_name, classes)}",
        )
    _check_class(found, name, key)
    return found


def make_task(name: str, options: Mapping[str, Any]) -> Task:
    """The task of that name; ``options`` are the fields of its class, with the types declared there.

    Raises:
        UserError: an unknown task or option, a missing option, or a value of the wrong type; its key is
            ``task.<option>``.
    """
    kind = task_class(name)
    declared = declared_options(kind)
    for option in options:
        if option not in declared:
            raise UserError(
                key=f"task.{option}",
                expected=f"an option of the task {name!r}",
                found=f"no such option{did_you_mean(str(option), declared)}",
            )
    for option, field in declared.items():
        if option in options:
            check_type(kind, field, options[option], f"task.{option}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UserError(
                key=f"task.{option}",
                expected=f"a value of type {_shown_type(field)}, which the task {name!r} needs",
                found="none",
            )
    return _made(kind, name, options)


def task_of_champion(champion: Champion, simulator: str | None = None) -> Task:
    """The task of a champion, with the options it was evolved with.

    Args:
        champion: from `wann.champion.load_champion`.
        simulator: replaces the champion's own, in tasks that have several.

    Raises:
        TaskNotMade: it cannot be made on this machine. The champion's network is none the worse for it.
        UserError: the task is unknown, its inputs or outputs differ from the champion's, or its preprocessing does
            (CarRacing's encoder, other images).
    """
    if ":" not in champion.task:
        task_class(champion.task, key="champion")  # An unknown name is a mistake in the file.
    try:
        task = make_task(champion.task, _options_of_champion(champion, simulator))
    except UserError as error:
        raise TaskNotMade(error.message, **error.fields()) from error
    found = (champion.genome.num_inputs, champion.genome.num_outputs)
    if found != (task.num_inputs, task.num_outputs):
        raise UserError(
            key="champion",
            expected=f"{task.num_inputs} inputs and {task.num_outputs} outputs for task {champion.task!r}",
            found=f"{found[0]} and {found[1]}",
        )
    seen = preprocessing_of(task)
    if seen != champion.preprocessing:
        raise UserError(key="champion", expected=f"the preprocessing {champion.preprocessing}", found=str(seen))
    return task


def _options_of_champion(champion: Champion, simulator: str | None) -> dict[str, Any]:
    known = declared_options(task_class(champion.task, key="champion"))
    # An encoder of the package need not be named among the options, but its digest is.
    options = {key: value for key, value in (champion.preprocessing or {}).items() if key in known}
    options.update(champion.task_options)
    if simulator is not None and "simulator" in known:
        options["simulator"] = simulator
    return options


def declared_options(kind: type) -> dict[str, Field]:
    """The options of a task's class by name, that is the fields that its constructor takes."""
    return {field.name: field for field in fields(kind) if field.init}


def _check_class(kind: type, name: str, key: str) -> None:
    """Refuse a user's class that is not a task."""
    declared: Any = kind
    if not is_dataclass(kind) or not declared.__dataclass_params__.frozen:
        raise UserError(
            key=key, expected=f"{name} to be a frozen dataclass (@dataclass(frozen=True))", found="another class"
        )
    there = {*dir(kind), *(field.name for field in fields(kind))}
    missing = [member for member in _MEMBERS if member not in there]
    if missing:
        raise UserError(
            key=key,
            expected=f"{name} to have all that envs.task.Task has",
            found=f"a class without {', '.join(missing)}",
        )


def _made(kind: type, name: str, options: Mapping[str, Any]) -> Task:
    """Make a task. An error raised by a user's own constructor becomes a UserError."""
    if name in TASKS:
        return cast(Task, kind(**options))
    try:
        return cast(Task, kind(**options))
    except UserError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise UserError(
            key="task", expected=f"options that {name} accepts", found=f"{type(error).__name__}: {said}"
        ) from error


def check_type(kind: type, field: Field, value: Any, key: str) -> None:
    """Refuse a value that has not the type that a class declares for an option.

    Raises:
        UserError: with the key ``key``.
    """
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    try:
        accepts = TypeAdapter(get_type_hints(kind)[field.name])
    except (NameError, TypeError, PydanticUserError) as error:
        raise UserError(
            key=key, expected=f"{kind.__name__} to declare a type of plain values", found=_shown_type(field)
        ) from error
    try:
        accepts.validate_python(value, strict=True)
    except ValidationError as error:
        raise UserError(
            key=key,
            expected=f"a value of type {_shown_type(field)}",
            found=f"{value!r} ({type(value).__name__})",
        ) from error


def _shown_type(field: Field) -> str:
    """The option's type as declared by the class."""
    return field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
