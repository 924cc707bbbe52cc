"""Any Gymnasium id with vector observations as a task: no code, only options.

Episodes run in waves (see `envs.waves`); each has an environment of its own.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.gymnasium.pool import GymnasiumPool
from envs.gymnasium.spaces import Interface, make_interface
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Limits, Simulation, evaluate_in_waves, oracle_in_waves, simulator_version
from wann.errors import UserError, did_you_mean
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

WAVE = 32  # environments that step together: enough to share the cost of a call, few enough to hold in memory

_OWN_IDS = "envs.cartpole.environment"
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
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    max_steps: int | None = None
    reuse: bool = False
    stall_steps: int | None = None

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
    def simulated_by(self) -> str:
        return simulator_version("gymnasium")

    @property
    def reported(self) -> GymnasiumTask:
        """Episodes end where the id itself ends them, if it does."""
        import gymnasium

        own_limit = gymnasium.spec(self.id).max_episode_steps
        return replace(self, max_steps=self.max_steps if own_limit is None else None, stall_steps=None)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Every network at every weight on every seed; see `envs.task.Task.evaluate`.

        Raises:
            ValueError: shapes that do not fit.
            RuntimeError: the environment raised; names the episode.
        """
        check_networks(self, networks)
        return self._play(lambda simulation: evaluate_in_waves(simulation, networks, weights, seeds))

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """One network in float64 through `wann.oracle`."""
        check_networks(self, network)
        return self._play(lambda simulation: oracle_in_waves(simulation, network, weights, seeds))

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """A new environment of this task; ``kwargs`` (a render mode, say) come on top of the task's own."""
        import gymnasium

        importlib.import_module(_OWN_IDS)
        # The checker would only warn, at each step.
        return gymnasium.make(
            self.id, max_episode_steps=self.max_steps, disable_env_checker=True, **{**self.kwargs, **kwargs}
        )

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n observations."""
        return observations.astype(np.float64)

    def actions_of(self, outputs: NDArray) -> Any:
        """n actions of a network's outputs [n, O]."""
        return self._interface.to_actions(outputs)

    def _play(self, run: Callable[[Simulation], Returns]) -> Returns:
        spares: list[gymnasium.Env] | None = [] if self.reuse else None

        def make_pool(seeds: NDArray[np.int64]) -> GymnasiumPool:
            return GymnasiumPool(self.id, self.make_environment, self._interface.to_actions, seeds, spares)

        try:
            return run(Simulation(make_pool, WAVE, Limits(stall_steps=self.stall_steps)))
        finally:
            for environment in spares or ():
                environment.close()

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
    Limits(task.max_steps, task.stall_steps)
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
