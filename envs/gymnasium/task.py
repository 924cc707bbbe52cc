"""Any Gymnasium environment as a task, by its id and options, without code.

Episodes run in waves (see `envs.waves`); each has an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.gymnasium.making import make, make_first, module_of, spec_of
from envs.gymnasium.pool import GymnasiumPool
from envs.gymnasium.spaces import Interface, make_interface, problems_of
from envs.task import Returns, Seeds, Weights, check_networks
from envs.waves import Limits, Simulation, evaluate_in_waves, oracle_in_waves, simulator_version
from wann.errors import UserError, did_you_mean
from wann.network import Network, Networks

if TYPE_CHECKING:
    import gymnasium

WAVE = 32  # environments stepped together: enough to share the cost of a call, few enough to fit into memory

ON_ERROR = ("stop", "fail")


@dataclass(frozen=True)
class GymnasiumTask:
    """Episodes of a Gymnasium environment; see `envs.task.Task`.

    Actions. A Box takes one output per number: the output is clipped to +-1 and mapped linearly to the
    bounds of the space; a number without two finite bounds takes the clipped output itself, kept within
    its one bound, if any. A Discrete space takes one output per action; the largest chooses (the first
    if several are equal). MultiDiscrete does so for each of its parts. MultiBinary takes one output per
    bit, which is 1 if the output is above 0.

    An observation, output or reward that is not finite ends its episode, and the return is NaN, which no
    champion may have.

    Options:
        id: as in `gymnasium.make`, with version; ``module:Name-v0`` imports ``module`` first, from the path of
            Python or the working directory, so that worker processes know the id too.
        kwargs: arguments of the environment, as `gymnasium.make` takes them; plain values.
        flatten: flatten observations that are not vectors, as Gymnasium's ``FlattenObservation`` does.
        max_steps: length at which an episode is cut, instead of the id's own limit. A longer one than that
            applies to the champion too; a shorter one only to the search.
        on_error: ``stop`` ends the search if the environment raises; ``fail`` makes the return of that
            episode NaN and continues.
        reuse: reset an environment for the next episode instead of making a new one. This is correct only if
            ``reset(seed)`` clears all state, which that of BipedalWalker-v3 does not, and useful only if making
            an environment is slow.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    max_steps: int | None = None
    reuse: bool = False
    stall_steps: int | None = None
    flatten: bool = False
    on_error: str = "stop"

    name: ClassVar[str] = "gymnasium"
    keeps_state: ClassVar[bool] = True

    def __post_init__(self) -> None:
        Limits(self.max_steps, self.stall_steps)
        if self.on_error not in ON_ERROR:
            found = f"{self.on_error!r}{did_you_mean(self.on_error, ON_ERROR)}"
            raise UserError(key="task.on_error", expected=f"one of {', '.join(ON_ERROR)}", found=found)
        # Refuse an unfit environment here, not later in a worker.
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
    def modules(self) -> tuple[str, ...]:
        """The module that the id names, if it names one; see `envs.task.NeedsModules`."""
        module = module_of(self.id)
        return (module,) if module else ()

    @property
    def reported(self) -> GymnasiumTask:
        """This task with episodes that end at the id's own limit, or at ``max_steps`` if that is longer."""
        own, wanted = spec_of(self.id).max_episode_steps, self.max_steps
        shortened = own is not None and wanted is not None and wanted <= own
        return replace(self, max_steps=None if shortened else wanted, stall_steps=None)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed; see `envs.task.Task.evaluate`.

        Raises:
            ValueError: shapes that do not fit.
            UserError: an answer does not fit the environment's declared spaces.
            RuntimeError: the environment raised; names the episode.
        """
        check_networks(self, networks)
        return self._play(lambda simulation: evaluate_in_waves(simulation, networks, weights, seeds))

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64 through `wann.oracle`."""
        check_networks(self, network)
        return self._play(lambda simulation: oracle_in_waves(simulation, network, weights, seeds))

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Make an environment of this task. ``kwargs``, such as a render mode, are added to the task's own.

        Its observations are vectors [I], and its answers are checked; see `envs.gymnasium.answers`.
        """
        from envs.gymnasium.answers import AnsweringEnvironment

        environment = make(self.id, {**self.kwargs, **kwargs}, self.max_steps)
        return AnsweringEnvironment(environment, self.id, self._interface, self.on_error == "fail")

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n observations."""
        return observations.astype(np.float64)

    def actions_of(self, outputs: NDArray) -> Any:
        """n actions of a network's outputs [n, O]."""
        return self._interface.to_actions(outputs)

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        return self._interface.to_actions.describe()

    def _play(self, run: Callable[[Simulation], Returns]) -> Returns:
        spares: list[gymnasium.Env] | None = [] if self.reuse else None

        def make_pool(seeds: NDArray[np.int64]) -> GymnasiumPool:
            return GymnasiumPool(self.id, self.make_environment, self._interface.to_actions, seeds, spares)

        try:
            return run(Simulation(self.id, make_pool, WAVE, Limits(stall_steps=self.stall_steps)))
        finally:
            for environment in spares or ():
                environment.close()

    @cached_property
    def _interface(self) -> Interface:
        from envs.gymnasium.answers import reset_problem

        environment = make_first(self.id, self.kwargs, self.max_steps)
        try:
            observations, actions = environment.observation_space, environment.action_space
            problems = problems_of(self.id, observations, actions, self.flatten)
            unseeded = reset_problem(self.id, environment)
            if unseeded is not None:
                problems.append(unseeded)
            if self.max_steps is None and spec_of(self.id).max_episode_steps is None:
                expected = f"a number, since {self.id} has no step limit of its own"
                problems.append(UserError(key="task.max_steps", expected=expected, found="none"))
            _refuse(problems)
            return make_interface(self.id, observations, actions)
        finally:
            environment.close()


def _refuse(problems: list[UserError]) -> None:
    """Raise all problems as one error, if there are any."""
    if problems:
        first, *others = problems
        remedies = [*([first.remedy] if first.remedy else []), *(f"also {other.sentence}" for other in others)]
        raise first.at(remedy="; ".join(remedies))
