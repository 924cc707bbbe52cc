"""A wrapper that checks an environment's answers against its spaces.

Unambiguous answers are converted; all others are refused with a message that names them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Tuple, flatten_space
from numpy.typing import NDArray

from envs.gymnasium.observations import UnfitObservation, is_vector
from envs.gymnasium.pool import FAILURE
from envs.gymnasium.spaces import Interface
from envs.waves import Failure
from wann.errors import UserError

# Types that need no further check.
_NUMBERS, _FLAGS = (float, int), (bool, np.bool_)
_STEP = "(observation, reward, terminated, truncated, info)"
_FOUR = "four are of Gym before 0.26, whose done is now terminated or truncated"


class AnsweringEnvironment(gymnasium.Wrapper):
    """Converts observations to vectors [I], rewards to floats and flags to bools.

    Args:
        environment: from `gymnasium.make`.
        id: for messages.
        interface: to the environment.
        forgiving: True if an environment that raises ends its episode, with a NaN reward and the reason under
            `FAILURE` in the info, instead of passing its error on.
    """

    def __init__(self, environment: gymnasium.Env, id: str, interface: Interface, forgiving: bool) -> None:
        super().__init__(environment)
        _check_steps(environment, id)
        self._id, self._interface, self._forgiving = id, interface, forgiving
        self._blind = np.full(interface.num_inputs, np.nan)
        if not is_vector(environment.observation_space):
            self.observation_space = flatten_space(environment.observation_space)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[NDArray, dict]:
        """Return the first observation [I] and the info.

        Raises:
            UserError: the observation does not fit the declared space.
        """
        try:
            answer: Any = self.env.reset(seed=seed, options=options)
        except Exception as error:
            if not self._forgiving:
                raise
            return self._blind, {FAILURE: _failure("reset()", error)}
        # Old environments return the observation alone.
        if _has_info(answer, isinstance(self.env.observation_space, Tuple)):
            return self._vector(answer[0], "reset()"), _info(answer[1])
        return self._vector(answer, "reset()"), {}

    def step(self, action: Any) -> tuple[NDArray, float, bool, bool, dict]:
        """Return observation [I], reward, terminated, truncated and info.

        Raises:
            UserError: the answer has another form.
        """
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
        except UserError:
            raise
        except Exception as error:
            if not self._forgiving:
                raise
            return self._blind, float("nan"), True, False, {FAILURE: _failure("step()", error)}
        return (
            self._vector(observation, "step()"),
            self._number(reward),
            self._flag("terminated", terminated),
            self._flag("truncated", truncated),
            _info(info),
        )

    def _vector(self, observation: Any, method: str) -> NDArray:
        try:
            return self._interface.to_vector(observation)
        except UnfitObservation as error:
            expected = f"{error.expected} as observation, as its space declares"
            raise self._refusal(method, expected, error.found) from error

    def _number(self, reward: Any) -> float:
        if isinstance(reward, _NUMBERS):
            return float(reward)
        found = np.asarray(reward)
        if found.size != 1 or found.dtype.kind not in "fiub":
            raise self._refusal("step()", "a number as reward", _shown(reward))
        return float(found.item())

    def _flag(self, name: str, flag: Any) -> bool:
        if isinstance(flag, _FLAGS):
            return bool(flag)
        found = np.asarray(flag)
        if found.size != 1 or found.dtype.kind not in "biuf":
            raise self._refusal("step()", f"True or False for {name}", _shown(flag))
        return bool(found.item())

    def _refusal(self, method: str, expected: str, found: str) -> UserError:
        return _refusal(self._id, method, expected, found)


def _check_steps(environment: gymnasium.Env, id: str) -> None:
    """Check that an environment's own steps are tuples of five, before Gymnasium's wrappers unpack them."""
    own = _below_gymnasium(environment, "step")
    step = own.step

    def checked(action: Any) -> Any:
        answer: Any = step(action)
        if isinstance(answer, tuple) and len(answer) == 5:
            return answer
        if not isinstance(answer, tuple):
            raise _refusal(id, "step()", _STEP, _shown(answer))
        raise _refusal(id, "step()", _STEP, f"a tuple of {len(answer)}", _FOUR if len(answer) == 4 else "")

    # Shadowing the method leaves all else of the environment to its wrappers, which another wrapper would not.
    vars(own)["step"] = checked


def _below_gymnasium(environment: gymnasium.Env, method: str) -> gymnasium.Env:
    """The outermost layer of an environment whose method is not Gymnasium's own, as wrappers inherit it."""
    layer = environment
    while isinstance(layer, gymnasium.Wrapper) and _is_gymnasiums(getattr(type(layer), method)):
        layer = layer.env
    return layer


def _is_gymnasiums(method: Callable) -> bool:
    return method.__module__.partition(".")[0] == "gymnasium"


def _refusal(id: str, method: str, expected: str, found: str, remedy: str = "") -> UserError:
    return UserError(key="task.id", expected=f"{expected} from {method} of {id}", found=found, remedy=remedy)


def reset_problem(id: str, environment: gymnasium.Env) -> UserError | None:
    """The error for an environment that cannot be reset to the start state of a seed; None if it can."""
    try:
        parameters = inspect.signature(_below_gymnasium(environment, "reset").reset).parameters
    except (TypeError, ValueError):  # not written in Python
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    missing = [name for name in ("seed", "options") if name not in parameters]
    if not missing:
        return None
    return UserError(
        key="task.id",
        expected=f"reset(seed=..., options=...) of {id}, as Gymnasium calls it",
        found=f"a reset without {' and '.join(missing)}",
        remedy="episodes cannot be repeated without a seed" if "seed" in missing else "",
    )


def _has_info(answer: object, tuples: bool) -> bool:
    """True if reset answered (observation, info). ``tuples`` says that observations are tuples themselves."""
    return isinstance(answer, tuple) and len(answer) == 2 and (isinstance(answer[1], Mapping) or not tuples)


def _failure(method: str, error: Exception) -> Failure:
    said = " ".join(str(error).split())
    return Failure(f"{type(error).__name__} in {method}", f"{method} raised {type(error).__name__}: {said}")


def _info(info: Any) -> dict:
    return info if isinstance(info, dict) else {}


def _shown(value: Any) -> str:
    """A short text for a value; for an array, its shape and type."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {list(value.shape)} and type {value.dtype}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"a {type(value).__name__}"
