"""A champion as a policy: observations in, actions out, and whole episodes.

::

    champion = load_champion("docs/champions/swingup_one_weight.json")
    policy = Policy(champion)  # at its best shared weight
    environment = policy.task.make_environment()
    observation, _ = environment.reset(seed=1)
    observation, reward, terminated, truncated, _ = environment.step(policy.action(observation))

A champion with memory remembers what it has seen since ``policy.reset()``, which belongs at the start of an episode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.playing import Episode
from envs.registry import task_of_champion
from envs.task import Playable, sight_of
from inspection.weights import best_weight, check_finite
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.network import compile_genome
from wann.oracle import Lanes, forward


@dataclass(frozen=True)
class Played:
    """An episode that a champion played."""

    value: float  # undiscounted return; NaN if a value that is not finite ended the episode
    steps: int


class Policy:
    """A champion at one setting of its weights, computed in float64 by `wann.oracle`.

    Attributes:
        champion: as its file has it.
        weight: shared by all connections; None for the champion's individual weights.
        setting: the same as an array, [1] or [1, E], as `wann.oracle` takes it.
        network: compiled.
    """

    def __init__(self, champion: Champion | str | Path, weight: float | None = None) -> None:
        """``weight``: None for the champion's individual weights, or its best shared one.

        Raises:
            UserError: a file that is no champion, or a weight that is not finite.
        """
        self.champion = champion if isinstance(champion, Champion) else load_champion(champion)
        self.weight = best_weight(self.champion) if weight is None else weight
        self.setting = setting_of(self.champion, self.weight)
        self.network = compile_genome(self.champion.genome)
        self.reset()

    def reset(self) -> None:
        """Start an episode: forget all observations. Networks with memory remember them, and some tasks."""
        self._lanes = Lanes(self.network, self.setting)
        self._sight: Callable[[NDArray], NDArray[np.float64]] | None = None  # made with the task, when first needed

    @cached_property
    def task(self) -> Playable:
        """The champion's task as used for reports, in Gymnasium's environment, whatever simulator the search used.

        Raises:
            UserError: the task is not known here, or has no environment, such as the classification of images.
        """
        return playable_task_of(self.champion)

    def outputs(self, inputs: ArrayLike) -> NDArray[np.float64]:
        """Outputs [n, O] of inputs [n, I]. Raises ValueError for a network with memory; see `action`."""
        return forward(self.network, self.setting, np.asarray(inputs, np.float64))[0]

    def action(self, observation: Any) -> Any:
        """The action for the next observation of an episode of ``task.make_environment()``."""
        if self._sight is None:
            self._sight = sight_of(self.task)
        inputs = self._sight(np.asarray(observation)[None])
        return self.task.actions_of(self._lanes.step(inputs))[0]

    def play(self, seed: int = 0) -> Played:
        """Play one whole episode from the start state of a seed. Its return equals that of ``task.evaluate_oracle``."""
        with Episode(self.task, self.network, self.setting, seed) as episode:
            while not episode.over:
                episode.step()
            return Played(episode.value, episode.steps)


def setting_of(champion: Champion, weight: float | None) -> NDArray[np.float64]:
    """The shared weight [1], or the champion's individual weights [1, E] if it is None.

    Raises:
        UserError: the weight is not finite.
    """
    if weight is None:
        return np.array([champion.individual_weights or ()], np.float64)
    check_finite(weight)
    return np.array([weight], np.float64)


def playable_task_of(champion: Champion) -> Playable:
    """See `Policy.task`."""
    task = task_of_champion(champion, simulator="gymnasium")
    if not isinstance(task, Playable):
        raise UserError(
            key="champion", expected="a task with an environment that can be shown", found=repr(champion.task)
        )
    return task.reported
