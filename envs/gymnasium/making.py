"""Ids of Gymnasium's registry, and environments made from them. Errors name the wrong id or argument.

Only this file interprets Gymnasium's exceptions.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from envs.user_modules import import_user_module
from wann.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import gymnasium
    from gymnasium.envs.registration import EnvSpec

_OWN_IDS = "envs.cartpole.environment"
# Arguments of `gymnasium.make` that the task sets itself, and their sources.
_RESERVED = {
    "id": "task.id",
    "max_episode_steps": "task.max_steps",
    "disable_env_checker": "no option: the answers of environments are checked anyway",
}


def module_of(id: str) -> str:
    """The module named by an id such as ``mazes:Small-v0``; empty if it names none."""
    return id.rpartition(":")[0]


def spec_of(id: str) -> EnvSpec:
    """Gymnasium's registry entry for an id. The module that the id names is imported first.

    Raises:
        UserError: the module cannot be imported, or the id is not registered.
    """
    import gymnasium

    importlib.import_module(_OWN_IDS)
    module, _, bare = id.rpartition(":")
    imported = import_user_module(module, key="task.id") if module else None
    found = gymnasium.registry.get(bare)
    if found is None:
        after = f" once {imported.__file__ or module} is imported" if imported else ""
        near = get_close_matches(bare, gymnasium.registry, n=1)
        raise UserError(
            key="task.id",
            expected=f"an environment that Gymnasium knows{after}",
            found=f"{bare!r} (did you mean {near[0]!r}?)" if near else repr(bare),
            # Listing all ids would fill a page.
            remedy="" if near else "gymnasium.pprint_registry() lists all",
        )
    return found


def make(id: str, kwargs: Mapping[str, Any], max_steps: int | None) -> gymnasium.Env:
    """A new environment of an id, cut at ``max_steps``, or at the id's limit if that is None."""
    import gymnasium

    # Gymnasium's checker would only warn, at each step.
    return gymnasium.make(spec_of(id), max_episode_steps=max_steps, disable_env_checker=True, **kwargs)


def make_first(id: str, kwargs: Mapping[str, Any], max_steps: int | None) -> gymnasium.Env:
    """Like `make`, for an id and arguments that have not been checked yet.

    Raises:
        UserError: names the wrong key.
    """
    from gymnasium.error import DependencyNotInstalled

    _check_kwargs(id, kwargs)
    try:
        return make(id, kwargs, max_steps)
    except DependencyNotInstalled as error:
        raise UserError(key="task.id", expected=f"the packages that {id} needs", found=str(error)) from error
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(original(error)).split()) or type(error).__name__
        raise UserError(
            key="task.kwargs",
            expected=f"arguments that {id} can be made with",
            found=f"{dict(kwargs)}: {reason}",
        ) from error


def original(error: BaseException) -> BaseException:
    """The environment's own error. `gymnasium.make` re-raises a TypeError with the arguments appended."""
    return error.__cause__ if error.__cause__ is not None and type(error.__cause__) is type(error) else error


def _check_kwargs(id: str, kwargs: Mapping[str, Any]) -> None:
    for name in kwargs:
        if name in _RESERVED:
            expected = f"arguments of the environment; {name!r} is set by the task, from {_RESERVED[name]}"
            raise UserError(key="task.kwargs", expected=expected)
    try:
        json.dumps(kwargs)
    except (TypeError, ValueError) as error:
        expected = "plain values, as a config file holds them"
        raise UserError(key="task.kwargs", expected=expected, found=str(error)) from error
    spec = spec_of(id)
    if {**spec.kwargs, **kwargs}.get("render_mode") == "human":
        raise UserError(
            key="task.kwargs.render_mode",
            expected="an environment without windows",
            found="'human'",
            remedy="leave it out: reports and films draw by themselves",
        )
    known = _parameters(spec)
    for name in kwargs:
        if known is not None and name not in known:
            found = f"none of that name{did_you_mean(name, known)}"
            raise UserError(key=f"task.kwargs.{name}", expected=f"an argument of {id}", found=found)


def _parameters(spec: EnvSpec) -> list[str] | None:
    """Names of the arguments that an environment takes; None if it takes any name, or they are unknown."""
    from gymnasium.envs.registration import load_env_creator

    try:
        creator = load_env_creator(spec.entry_point) if isinstance(spec.entry_point, str) else spec.entry_point
        parameters = inspect.signature(creator).parameters.values()  # type: ignore[arg-type]
    except Exception:  # making the environment gives a better error
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return [parameter.name for parameter in parameters]
