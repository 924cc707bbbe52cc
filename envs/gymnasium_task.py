"""Any Gymnasium id with vector observations as a task: no code, only options.

Episodes run in waves: up to `WAVE` environments step in lockstep, all their networks are computed in one
compiled call, and an episode that is over makes room for the next one at once.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.gymnasium_spaces import Interface, make_interface
from envs.task import Returns, Seeds, Weights, check_networks, lane_grid, weight_table
from wann.errors import UserError, did_you_mean
from wann.forward import forward_lanes
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

WAVE = 32  # environments that step together: enough to share the cost of a call, few enough to hold in memory

# Networks [L], weight settings [L] and observations [L, I] to outputs [L, O].
Act = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]], NDArray]

_OWN_IDS = "envs.cartpole_swingup_env"
# Arguments of `gymnasium.make` that the task gives itself.
_RESERVED = {"id": "task.id", "max_episode_steps": "task.max_steps", "disable_env_checker": "no option"}


@dataclass(frozen=True)
class GymnasiumTask:
    """Episodes of a Gymnasium environment; see `envs.task.Task`.

    Actions. A Box takes one output per number: the output is clipped to +-1 and mapped linearly to the
    bounds of the space; a number without two finite bounds takes the clipped output itself, kept within
    the bound it may have. A Discrete space takes one output per action, and the largest acts (the first
    of equal ones).

    An observation, output or reward that is not finite ends its episode, and the return is NaN, which no
    champion may have.

    Options:
        id: as in `gymnasium.make`, with version; ``module:Name-v0`` imports ``module`` first, so that worker
            processes know the id too.
        kwargs: arguments of the environment, as `gymnasium.make` takes them; plain values.
        max_steps: length at which an episode is cut, instead of the id's own limit.
        reuse: reset an environment for the next episode instead of making a new one. Right only where
            ``reset(seed)`` forgets everything, which that of BipedalWalker-v3 does not, and worth it only
            where making an environment is slow.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    max_steps: int | None = None
    reuse: bool = False

    name: ClassVar[str] = "gymnasium"

    def __post_init__(self) -> None:
        _check_options(self)
        # An environment that does not fit is refused here, not later in a worker.
        self._interface  # noqa: B018

    @property
    def num_inputs(self) -> int:
        return self._interface.num_inputs

    @property
    def num_outputs(self) -> int:
        return self._interface.num_outputs

    @property
    def input_names(self) -> tuple[str, ...]:
        return self._interface.input_names

    @property
    def output_names(self) -> tuple[str, ...]:
        return self._interface.output_names

    @property
    def simulator(self) -> str:
        import gymnasium

        return f"gymnasium {gymnasium.__version__}"

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Every network at every weight on every seed; see `envs.task.Task.evaluate`.

        Raises:
            ValueError: shapes that do not fit.
            RuntimeError: the environment raised; names the episode.
        """
        from wann.wave_kernels import wave_outputs

        check_networks(self, networks)
        grid = lane_grid(weights, seeds)
        table, individual = weight_table(networks, weights)
        programs = networks.program_arrays()

        def act(network: NDArray, setting: NDArray, observations: NDArray) -> NDArray[np.float32]:
            outputs = np.empty((len(network), self.num_outputs), np.float32)
            wave_outputs(programs, table, individual, network, setting, observations, outputs)
            return outputs

        return _play(self, act, len(networks), *grid)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """One network in float64 through `wann.forward`."""
        check_networks(self, network)
        weights = np.asarray(weights, np.float64)
        grid = lane_grid(weights if weights.ndim == 1 else [weights], seeds)

        def act(_: NDArray, setting: NDArray, observations: NDArray) -> NDArray[np.float64]:
            with np.errstate(over="ignore", invalid="ignore"):
                return forward_lanes(network, weights[setting], observations)

        return _play(self, act, 1, *grid)

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """A new environment of this task; ``kwargs`` (a render mode, say) come on top of the task's own."""
        import gymnasium

        importlib.import_module(_OWN_IDS)
        # The checker would only warn, at each step.
        return gymnasium.make(
            self.id, max_episode_steps=self.max_steps, disable_env_checker=True, **{**self.kwargs, **kwargs}
        )

    @cached_property
    def _interface(self) -> Interface:
        import gymnasium

        try:
            environment = self.make_environment()
        except gymnasium.error.DependencyNotInstalled as error:
            raise UserError(f"task.id: {self.id} needs a package that is not installed: {error}") from error
        except Exception as error:
            raise UserError(_why_not_made(self, error)) from error
        try:
            return make_interface(self.id, environment.observation_space, environment.action_space)
        finally:
            environment.close()


def _check_options(task: GymnasiumTask) -> None:
    if task.max_steps is not None and task.max_steps < 1:
        raise UserError(f"task.max_steps: expected at least 1, found {task.max_steps}")
    for name in task.kwargs:
        if name in _RESERVED:
            raise UserError(f"task.kwargs: {name!r} is set by the task, from {_RESERVED[name]}")
    try:
        json.dumps(task.kwargs)
    except (TypeError, ValueError) as error:
        raise UserError(f"task.kwargs: expected plain values, as a config file holds them ({error})") from error
    _check_id(task)


def _check_id(task: GymnasiumTask) -> None:
    import gymnasium

    importlib.import_module(_OWN_IDS)
    module, _, id = task.id.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except Exception as error:
            raise UserError(f"task.id: cannot import {module!r} of {task.id!r} ({error})") from error
    if id not in gymnasium.registry:
        near = did_you_mean(id, gymnasium.registry)
        # All ids would be a page, not a sentence.
        hint = near if "did you mean" in near else "; gymnasium.pprint_registry() lists all"
        raise UserError(f"task.id: Gymnasium knows no environment {id!r}{hint}")
    if task.max_steps is None and gymnasium.spec(id).max_episode_steps is None:
        raise UserError(f"task.max_steps: {id} has no step limit of its own, so a number is needed here")


def _why_not_made(task: GymnasiumTask, error: Exception) -> str:
    reason = str(error).split(" was raised from the environment creator")[0]
    reason = " ".join(reason.split()) or type(error).__name__
    unexpected = re.search(r"unexpected keyword argument '(\w+)'", reason)
    if unexpected and unexpected[1] in task.kwargs:
        return f"task.kwargs.{unexpected[1]}: {task.id} takes no such argument{_near_argument(task, unexpected[1])}"
    return f"task.kwargs: {task.id} cannot be made with {task.kwargs}: {reason}"


def _near_argument(task: GymnasiumTask, name: str) -> str:
    from gymnasium.envs.registration import load_env_creator, spec

    entry_point = spec(task.id).entry_point
    creator = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    if creator is None:
        return ""
    return did_you_mean(name, [known for known in inspect.signature(creator).parameters if known != "self"])


def _play(task: GymnasiumTask, act: Act, num_networks: int, settings: NDArray, seeds: NDArray) -> Returns:
    """Run P x W x R episodes; ``settings`` and ``seeds`` are [W, R]."""
    shape = (num_networks, *seeds.shape)
    networks = np.arange(num_networks)[:, None, None]
    episodes = [np.broadcast_to(part, shape).ravel() for part in (networks, settings, seeds)]
    wave = _Wave(task, *episodes)
    try:
        while wave.num_lanes:
            wave.step(act)
    finally:
        wave.close()
    return Returns(wave.returns.reshape(shape), wave.steps.reshape(shape))


class _Wave:
    """T episodes, up to `WAVE` of them in progress: lane l runs ``episode[l]`` in ``environments[l]``."""

    def __init__(self, task: GymnasiumTask, networks: NDArray, settings: NDArray, seeds: NDArray) -> None:
        self.task = task
        self.to_actions = task._interface.to_actions
        self.networks, self.settings, self.seeds = networks, settings, seeds  # [T]
        self.returns = np.zeros(len(seeds))
        self.steps = np.zeros(len(seeds), np.int64)
        size = min(WAVE, len(seeds))
        self.num_started = self.num_lanes = size
        self.episode = np.arange(size)
        self.environments: list[gymnasium.Env | None] = [None] * size
        self.observations = np.zeros((size, task.num_inputs))
        for lane in range(size):
            self._reset(lane)

    def step(self, act: Act) -> None:
        """One step of every lane."""
        episodes = self.episode[: self.num_lanes]
        observations = self.observations[: self.num_lanes]
        outputs = act(self.networks[episodes], self.settings[episodes], observations)
        sound = np.isfinite(observations).all(axis=1) & ~np.isnan(outputs).any(axis=1)
        self.returns[episodes[~sound]] = np.nan
        actions = self.to_actions(outputs)
        over = [not sound[lane] or self._advance(lane, actions[lane]) for lane in range(self.num_lanes)]
        # Backwards, since a lane that ends may take over the last one, which must have been looked at by then.
        for lane in reversed(range(self.num_lanes)):
            if over[lane]:
                self._finish(lane)

    def close(self) -> None:
        for environment in self.environments:
            if environment is not None:
                environment.close()

    def _advance(self, lane: int, action: Any) -> bool:
        """Step one environment; return whether its episode is over."""
        episode = self.episode[lane]
        environment = self.environments[lane]
        assert environment is not None
        try:
            observation, reward, terminated, truncated, _ = environment.step(action)
        except Exception as error:
            raise self._failure(episode, error) from error
        self.observations[lane] = observation
        self.returns[episode] += float(reward)
        self.steps[episode] += 1
        if not np.isfinite(self.returns[episode]):
            self.returns[episode] = np.nan
            return True
        return bool(terminated or truncated)

    def _finish(self, lane: int) -> None:
        """Give the lane to the next episode, or to the last lane when none is left."""
        if self.num_started < len(self.seeds):
            self.episode[lane] = self.num_started
            self.num_started += 1
            self._reset(lane)
            return
        self.num_lanes -= 1
        last = self.num_lanes
        self.episode[lane], self.observations[lane] = self.episode[last], self.observations[last]
        self.environments[lane], self.environments[last] = self.environments[last], self.environments[lane]

    def _reset(self, lane: int) -> None:
        episode = self.episode[lane]
        environment = self.environments[lane]
        try:
            if environment is None or not self.task.reuse:
                if environment is not None:
                    environment.close()
                environment = self.environments[lane] = self.task.make_environment()
            self.observations[lane], _ = environment.reset(seed=int(self.seeds[episode]))
        except Exception as error:
            raise self._failure(episode, error) from error

    def _failure(self, episode: int, error: Exception) -> RuntimeError:
        return RuntimeError(
            f"{self.task.id} raised {type(error).__name__} in the episode of network {self.networks[episode]}, "
            f"weight setting {self.settings[episode]}, seed {self.seeds[episode]}, "
            f"step {self.steps[episode]}: {error}"
        )
