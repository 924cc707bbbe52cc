"""One network playing one episode in Gymnasium's environment of a task, for videos and for observing behaviour."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.gymnasium.making import original
from envs.task import Observes, Playable, Task, sight_of
from wann.network import Network
from wann.oracle import Lanes

if TYPE_CHECKING:
    import gymnasium


class CannotDraw(Exception):  # noqa: N818 - not an error of the user or the program
    """The environment of a task gives no pictures.

    Attributes:
        reason: text that can follow "no pictures: ".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __reduce__(self) -> tuple:
        return CannotDraw, (self.reason,)


def drawable_environment(task: Playable) -> gymnasium.Env:
    """A new environment of ``task``, not yet reset, whose ``render()`` gives pictures [height, width, 3].

    Another environment is made, drawn and closed before it for a test, because some environments differ after their
    first reset.

    Raises:
        CannotDraw: it takes no render mode, gives no picture, or lacks a library to draw with (pygame, OpenGL).
    """
    tried = _open_drawable(task)
    try:
        tried.reset(seed=0)
        _check_picture(tried)
    except CannotDraw:
        raise
    except Exception as error:
        raise CannotDraw(f"its first picture fails ({_in_words(error)})") from error
    finally:
        _close(tried)
    return _open_drawable(task)


def _open_drawable(task: Playable) -> gymnasium.Env:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Gymnasium warns of a mode that the environment does not declare
            return task.make_environment(render_mode="rgb_array")
    except Exception as error:  # any error of a renderer: an unknown argument, a missing package, OpenGL
        raise CannotDraw(f"it cannot be made with the render mode rgb_array ({_in_words(error)})") from error


def _check_picture(environment: gymnasium.Env) -> None:
    try:
        picture: Any = environment.render()
    except Exception as error:
        raise CannotDraw(f"its render() fails ({_in_words(error)})") from error
    if not isinstance(picture, np.ndarray):
        raise CannotDraw(f"its render() gives {type(picture).__name__} where a picture is expected")
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise CannotDraw(f"its render() gives an array of shape {list(picture.shape)}, not [height, width, 3]")


def _close(environment: gymnasium.Env) -> None:
    """Close an environment that its own renderer may have broken."""
    try:
        environment.close()
    except Exception:
        return


def _in_words(error: Exception) -> str:
    """The error's type and the first line of its message, shortened."""
    said = next(iter(str(original(error)).strip().splitlines()), "")
    said = said if len(said) <= 160 else said[:159].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


class Episode:
    """An episode of ``task`` from the start state of ``seed``; a context manager that closes its environment.

    Attributes:
        inputs: [1, I], the network's next inputs.
        value: the undiscounted return so far. A value that is not finite ends the episode and makes it NaN.
        steps: number of steps so far.
        over: True once the episode has ended.
    """

    def __init__(
        self,
        task: Playable,
        network: Network,
        setting: ArrayLike,
        seed: int,
        *,
        render: bool = False,
    ) -> None:
        """Start the episode.

        Args:
            task: the task to play.
            network: a network of the task.
            setting: [1] a shared weight, or [1, E] individual ones.
            seed: of the start state.
            render: whether ``environment.render()`` is to give pictures [height, width, 3].

        Raises:
            CannotDraw: ``render`` is true, and the environment gives no pictures.
        """
        self._task, self._lanes = task, Lanes(network, setting)
        self._sight = sight_of(task)
        self.environment = _open_drawable(task) if render else task.make_environment()
        self.value, self.steps, self.over = 0.0, 0, False
        try:
            self._see(self.environment.reset(seed=seed)[0])
            if render:
                _check_picture(self.environment)
        except BaseException:
            self.close()
            raise

    def step(self) -> None:
        """Take one step. Does nothing once the episode is over."""
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = self._lanes.step(self.inputs)
        if np.isnan(outputs).any():
            self._fail()
        if self.over:
            return
        observation, reward, terminated, truncated, _ = self.environment.step(self._task.actions_of(outputs)[0])
        self.value += float(reward)
        self.steps += 1
        self.over = bool(terminated or truncated)
        if not np.isfinite(self.value):
            self._fail()
        self._see(observation)

    def close(self) -> None:
        self.environment.close()

    def __enter__(self) -> Episode:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _see(self, observation: Any) -> None:
        self.inputs = self._sight(np.asarray(observation)[None])
        if not self.over and not np.isfinite(self.inputs).all():
            self._fail()

    def _fail(self) -> None:
        self.value, self.over = float("nan"), True


def inputs_met(task: Playable, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
    """Inputs [T, I] of the T steps of an episode in Gymnasium's environment."""
    with Episode(task, network, [weight], seed) as episode:
        seen = []
        while not episode.over:
            seen.append(episode.inputs[0])
            episode.step()
    return np.array(seen).reshape(-1, task.num_inputs)


class Behaviour:
    """Inputs and actions of networks in a task; see `evolution.protocol.Behaviour`."""

    def __init__(self, task: Task) -> None:
        """Raises ValueError for a task that cannot be played."""
        if not isinstance(task, Playable):
            raise ValueError(f"task {task.name!r} has no environment to be watched in")
        self._task = task

    def observe(self, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
        """Inputs [T, I] of the T steps of an episode."""
        if isinstance(self._task, Observes):
            return self._task.observe(network, weight, seed)
        return inputs_met(self._task, network, weight, seed)

    def actions_of(self, outputs: NDArray) -> NDArray:
        """n actions of outputs [n, O]."""
        return np.asarray(self._task.actions_of(outputs))
