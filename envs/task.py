"""The contract of a task: many networks x weights x seeds in, returns out.

A task knows its simulator. It does not know about evolution, or about the place of evaluation. `Task` has the members
of every task. Each optional ability is a small protocol of its own. Test for it by ``isinstance`` or by a function
below, never by an attribute's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.batch import Backend, Batch
from wann.errors import UserError
from wann.genome import Genome
from wann.gradients import Gradients, Pairs
from wann.network import Network, Networks, require_plain

if TYPE_CHECKING:
    import gymnasium

# [W] shared weights (an ndarray), or one [W, E] array per network (a list): a weight for each enabled
# connection of its genome.
Weights = NDArray[np.float64] | Sequence[NDArray[np.float64]]
# [R], the same for every weight, or [W, R].
Seeds = ArrayLike
# Packages whose classes every worker has, and the script itself.
_OWN_PACKAGES = ("__main__", "envs", "wann", "workers")
# Observations [L, I] to outputs [L, O], in float64.
Policy = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Returns:
    """The outcome of an evaluation: undiscounted return and simulated steps of every episode."""

    values: NDArray[np.float64]  # [P, W, R]
    steps: NDArray[np.int64]  # [P, W, R]
    falls: NDArray[np.bool_] | None = None  # [P, W, R] ended in failure; None if the task has no such end
    # Reasons for NaN values, if the task knows them: an example of each kind of failure, by kind.
    failures: Mapping[str, str] = field(default_factory=dict)
    # Episodes that the task's fast simulator could not finish, and its reference played instead.
    replayed: int = 0

    @classmethod
    def of_none(cls, shape: tuple[int, ...]) -> Returns:
        """Of a request without episodes: an axis of its shape is 0."""
        return cls(np.zeros(shape), np.zeros(shape, np.int64))


class Task(Protocol):
    """The members of every task. A task is a frozen dataclass whose fields are its options in a config."""

    @property
    def name(self) -> str: ...
    @property
    def num_inputs(self) -> int: ...
    @property
    def num_outputs(self) -> int: ...
    @property
    def input_names(self) -> tuple[str, ...]: ...
    @property
    def output_names(self) -> tuple[str, ...]: ...
    @property
    def simulated_by(self) -> str:
        """The simulator that steps the episodes, with its version if it has one. Champion files store it."""
        ...

    @property
    def reported(self) -> Task:
        """This task without shortcuts of the search: whole episodes, and rewards as defined.

        The champion is chosen and reported on it.
        """
        ...

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight setting on every seed.

        The value of one (network, weight, seed) does not depend on the rest of the batch. Equal seeds give equal start
        states to every network and weight.

        Args:
            networks: P programs with the task's inputs and outputs.
            weights: [W] shared weights, or P arrays [W, E] of individual ones.
            seeds: [R], or [W, R] to give each weight its own.

        Returns:
            values and steps, [P, W, R].

        Raises:
            ValueError: shapes that do not fit.
        """
        ...

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64 through `wann.oracle`: P = 1. It is slow; `evaluate` is tested against it."""
        ...


@runtime_checkable
class SafeInDriver(Protocol):
    """A task that can declare that its simulator neither hangs nor ends its process.

    Small requests then run in the driver, where that is faster.
    """

    @property
    def safe_at_home(self) -> bool: ...


@runtime_checkable
class PlaysTogether(Protocol):
    """A task whose simulator plays many episodes side by side, and takes longer for each in a call with few."""

    @property
    def episodes_together(self) -> int:
        """Episodes that a call should have at least."""
        ...


@runtime_checkable
class PlaysOracleTogether(Protocol):
    """A task whose oracle plays the episodes of a call side by side, and takes nearly as long for a few as for many."""

    @property
    def oracle_together(self) -> int:
        """Episodes that a call of `Task.evaluate_oracle` should have at least."""
        ...


@runtime_checkable
class KeepsState(Protocol):
    """A task that can declare that it runs networks step by step and keeps the state of each episode.

    Only such a task takes networks with delays, plastic connections, or nodes that do not sum their sources. Networks
    of the others are refused by `check_networks`.
    """

    @property
    def keeps_state(self) -> bool: ...


@runtime_checkable
class HasGroups(Protocol):
    """A task that declares groups of inputs and of outputs with one role each, such as the keys of a dictionary.

    The operator ``repeat_along_group`` repeats connections along them. That is a hint, which reports should name.
    """

    @property
    def input_groups(self) -> tuple[tuple[int, ...], ...]:
        """Indices of inputs, 0 for the first. No input is in two groups."""
        ...

    @property
    def output_groups(self) -> tuple[tuple[int, ...], ...]:
        """Indices of outputs."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """A task that reads files. They are sent once to each machine of a cluster that lacks them."""

    def data_files(self) -> dict[str, bytes]:
        """Contents by name below the cache directory, where the task looks for them.

        Raises:
            UserError: a file is missing.
        """
        ...


@runtime_checkable
class NeedsModules(Protocol):
    """A task that runs code of the user's own modules. They are sent to workers on other machines."""

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of the modules, as they are imported."""
        ...


@runtime_checkable
class Preprocessed(Protocol):
    """A task that transforms the simulator's observations into the networks' inputs."""

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """The transformation as plain JSON values. Champion files store it, and it is compared when they are read."""
        ...


@runtime_checkable
class ChoosesInputs(Protocol):
    """A task with an option that chooses which inputs networks see. Those of one name then mean the same."""

    @property
    def input_choice(self) -> str:
        """Name of the option."""
        ...


@runtime_checkable
class DescribesActions(Protocol):
    """A task that can describe how outputs become actions, for users who have only the network."""

    def describe_actions(self) -> dict[str, Any]:
        """Plain JSON values: ``kind``, such as "argmax" or "box", its numbers, and ``rule``, a sentence."""
        ...


@runtime_checkable
class HasUntouched(Protocol):
    """A task in which other seeds do not give independent data for the report, so that it needs a test set."""

    @property
    def untouched(self) -> Task:
        """The task on data that nothing was chosen on, used for reports."""
        ...


@runtime_checkable
class HasGradients(Protocol):
    """A task that can compute the effect of connections on its loss."""

    def gradients(
        self, genome: Genome, weights: NDArray[np.float64], seeds: Seeds, pairs: Sequence[Pairs]
    ) -> Gradients:
        """See `wann.gradients`."""
        ...


@runtime_checkable
class HasEnsemble(Protocol):
    """A task in which one network at several weights can form an ensemble."""

    def ensemble(self, network: Network, weights: NDArray[np.float64]) -> dict[str, Any]:
        """Figures of the ensemble of all weights [W], as plain JSON values for the champion's returns."""
        ...


@runtime_checkable
class HasJudging(Protocol):
    """A task that judges a champion on more than its reported returns, such as longer sequences at many weights."""

    def judge(self, network: Network, weights: NDArray[np.float64]) -> dict[str, Any]:
        """Figures of one network at shared weights [W] and at random ones, ``judged`` in a champion's returns.

        They are plain JSON values of the form that `envs.sequences.judging.judge` describes.
        """
        ...


@runtime_checkable
class LoadsData(Protocol):
    """A task whose data may have to be fetched. That happens before a run is created."""

    def load(self) -> None:
        """Find or fetch the data.

        Raises:
            UserError: the data are not available, or do not fit the options.
        """
        ...


@runtime_checkable
class OnDevice(Task, Protocol):
    """A task whose networks can be computed by another backend than the kernels, such as torch on a GPU."""

    def evaluate_by(self, backend: Backend, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Like ``evaluate``, computed by ``backend``."""
        ...

    def batch_of(self, seed: int) -> Batch:
        """The images that a seed draws. Gradients are computed on them."""
        ...


@runtime_checkable
class Playable(Task, Protocol):
    """A task that can be played step by step in Gymnasium's environment.

    An episode in ``make_environment()``, with ``inputs_of`` before the network and ``actions_of`` after it, is the
    episode of ``evaluate_oracle``, except for the task's own limits and rewards (``max_steps``, ``stall_steps``,
    ``fall_penalty`` of Box2D tasks). In a task that `Remembers`, ``new_sight()`` takes the place of ``inputs_of``.
    """

    @property
    def reported(self) -> Playable: ...
    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Make Gymnasium's environment of this task, with further arguments such as a render mode."""
        ...

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n observations."""
        ...

    def actions_of(self, outputs: NDArray) -> Any:
        """n actions of a network's outputs [n, O]."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A playable task whose inputs may depend on what was observed before in the same episode."""

    def new_sight(self) -> Callable[[NDArray], NDArray[np.float64]]:
        """A function for one new episode: from each observation [1, ...] in turn to the network's inputs [1, I]."""
        ...


@runtime_checkable
class Observes(Protocol):
    """A playable task that has a faster way than Gymnasium's environment to what networks see."""

    def observe(self, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
        """Inputs [T, I] of the T steps of a whole episode."""
        ...


def is_safe_at_home(task: object) -> bool:
    """True if small requests may run in the driver."""
    return isinstance(task, SafeInDriver) and task.safe_at_home


def sees_more(task: Task, other: Task) -> bool:
    """True if ``task`` shows all inputs that ``other`` shows, and more: both are one task that chooses them."""
    if task.name != other.name or not isinstance(task, ChoosesInputs):
        return False
    made = [dict(preprocessing_of(each) or {}) for each in (task, other)]
    for each in made:
        each.pop(task.input_choice, None)
    return made[0] == made[1] and set(other.input_names) < set(task.input_names)


def episodes_together(task: object) -> int:
    """Episodes that a call should have at least, so that none takes longer than it must."""
    return task.episodes_together if isinstance(task, PlaysTogether) else 1


def oracle_together(task: object) -> int:
    """Episodes that a call of the task's oracle should have at least, likewise."""
    return task.oracle_together if isinstance(task, PlaysOracleTogether) else 1


def keeps_state(task: object) -> bool:
    """True if a task runs networks with state."""
    return isinstance(task, KeepsState) and task.keeps_state


def groups_of(task: Task) -> NDArray[np.int64] | None:
    """The group of the bias, each input and each output, [1 + I + O], -1 for none; None if the task has no groups.

    Raises:
        UserError: a group is empty, names what the task does not have, or shares a member with another.
    """
    if not isinstance(task, HasGroups):
        return None
    groups, number = np.full(1 + task.num_inputs + task.num_outputs, -1), 0
    for end, first, count, members in (
        ("input", 1, task.num_inputs, task.input_groups),
        ("output", 1 + task.num_inputs, task.num_outputs, task.output_groups),
    ):
        for group in members:
            _check_group(task, end, count, group, groups[first : first + count])
            groups[first + np.array(group, int)] = number
            number += 1
    return groups


def _check_group(task: Task, end: str, count: int, group: Sequence[int], taken: NDArray[np.int64]) -> None:
    """Refuse a group of inputs or outputs that does not fit. ``taken`` [count] is -1 where there is no group yet."""
    key = f"{task.name}.{end}_groups"
    if not group or not all(0 <= index < count for index in group):
        raise UserError(key=key, expected=f"groups of indices from 0 to {count - 1}", found=str(tuple(group)))
    if len(set(group)) < len(group) or (taken[list(group)] >= 0).any():
        raise UserError(key=key, expected=f"no {end} in two groups, or twice in one", found=str(tuple(group)))


def preprocessing_of(task: object) -> Mapping[str, Any] | None:
    """The transformation of observations into inputs, as stored in champion files; None if there is none."""
    return task.preprocessing if isinstance(task, Preprocessed) else None


def sight_of(task: Playable) -> Callable[[NDArray], NDArray[np.float64]]:
    """The function that makes inputs [1, I] of the observations [1, ...] of one new episode, in turn."""
    return task.new_sight() if isinstance(task, Remembers) else task.inputs_of


def untouched_of(task: Task) -> Task:
    """The task used for reports: its ``untouched`` if it has one, else the task itself."""
    return task.untouched if isinstance(task, HasUntouched) else task


def modules_of(task: object) -> tuple[str, ...]:
    """Names of the user's modules that a worker must be able to import: that of the task's class, and its ``modules``.

    A class defined in ``__main__`` is sent by value and needs none.
    """
    own = type(task).__module__
    defined = () if own.partition(".")[0] in _OWN_PACKAGES else (own,)
    named = task.modules if isinstance(task, NeedsModules) else ()
    return tuple(dict.fromkeys((*defined, *named)))


def options_of(task: Task) -> dict[str, Any]:
    """The options of a task by name, as in a config.

    Raises:
        TypeError: the task is not a dataclass.
    """
    if not is_dataclass(task):
        raise TypeError(f"expected a task that is a dataclass, found {type(task).__name__}")
    return {option.name: getattr(task, option.name) for option in fields(task) if option.init}


def num_settings(weights: Weights) -> int:
    """W, the number of weight settings.

    Raises:
        ValueError: the weights have a shape that `Weights` does not allow.
    """
    if isinstance(weights, np.ndarray):
        if weights.ndim != 1 or not len(weights):
            raise ValueError(f"expected shared weights [W] with W >= 1, found shape {list(weights.shape)}")
        return len(weights)
    counts = {len(setting) for setting in weights}
    if len(counts) != 1 or any(np.ndim(setting) != 2 for setting in weights):
        raise ValueError("expected one array [W, E] per network, all with the same W")
    return counts.pop()


def check_networks(task: Task, networks: Network | Networks) -> None:
    """Refuse networks that were made for another task.

    Raises:
        ValueError: the numbers of inputs or outputs differ from the task's.
        UserError: networks with state, in a task that keeps none.
    """
    expected, found = (task.num_inputs, task.num_outputs), (networks.num_inputs, networks.num_outputs)
    if expected != found:
        raise ValueError(f"{task.name}: expected networks with (inputs, outputs) {expected}, found {found}")
    if not keeps_state(task):
        try:
            require_plain(networks)
        except UserError as error:
            remedy = f"the task {task.name!r} keeps no state from step to step"
            raise error.at(key="task.name", remedy=remedy) from None


def weights_of_one(weights: ArrayLike) -> Weights:
    """[W] shared weights, or [W, E] of one network, in the form that `Task.evaluate` takes."""
    weights = np.asarray(weights, np.float64)
    return weights if weights.ndim == 1 else [weights]


def evaluate_one_by_one(task: Task, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
    """Implement `Task.evaluate` by the task's own `evaluate_oracle`. This is the shortest way to a task, but slow.

    Raises:
        ValueError: shapes that do not fit.
    """
    check_networks(task, networks)
    num_settings(weights)
    shared = isinstance(weights, np.ndarray)
    if not shared and len(weights) != len(networks):
        raise ValueError(f"expected individual weights for {len(networks)} networks, found {len(weights)}")
    own = [weights] * len(networks) if shared else weights
    found = [task.evaluate_oracle(network, setting, seeds) for network, setting in zip(networks, own, strict=True)]
    values, steps = np.concatenate([one.values for one in found]), np.concatenate([one.steps for one in found])
    falls = [one.falls for one in found if one.falls is not None]
    failures = {kind: example for one in reversed(found) for kind, example in one.failures.items()}
    whole_falls = np.concatenate(falls) if len(falls) == len(found) else None
    return Returns(values, steps, whole_falls, failures, sum(one.replayed for one in found))


def lane_grid(weights: Weights, seeds: Seeds) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Weight-setting index and seed of every lane, both [W, R]."""
    count = num_settings(weights)
    seeds = np.asarray(seeds, np.int64)
    if seeds.ndim not in (1, 2) or not seeds.size or (seeds.ndim == 2 and len(seeds) != count):
        raise ValueError(f"expected seeds [R] or [{count}, R] with R >= 1, found shape {list(seeds.shape)}")
    if seeds.min() < 0:
        raise ValueError(f"expected seeds of at least 0, found {seeds.min()}")
    grid = np.broadcast_to(seeds, (count, seeds.shape[-1]))
    return np.broadcast_to(np.arange(count)[:, None], grid.shape), grid


def weight_table(networks: Networks, weights: Weights) -> tuple[NDArray[np.float32], bool]:
    """Weights for kernels: [1, W] shared, or [sum E, W] by live connection; and True in the second case."""
    if isinstance(weights, np.ndarray):
        return np.asarray(weights, np.float32)[None], False
    return np.ascontiguousarray(individual_weights(networks, weights)), True


def individual_weights(networks: Networks, weights: Sequence[NDArray]) -> NDArray[np.float32]:
    """Weights by live connection of all networks, [sum E, W], from one array [W, E] per network.

    Raises:
        ValueError: the number of arrays differs from that of networks, or an array has too few weights.
    """
    if len(weights) != len(networks):
        raise ValueError(f"expected individual weights for {len(networks)} networks, found {len(weights)}")
    for network, setting in zip(networks, weights, strict=True):
        needed = int(network.connection_ids.max(initial=-1)) + 1
        if np.shape(setting)[1] < needed:
            raise ValueError(f"expected at least {needed} individual weights, found {np.shape(setting)[1]}")
    parts = [np.asarray(s)[:, n.connection_ids].T for n, s in zip(networks, weights, strict=True)]
    return np.concatenate(parts).astype(np.float32)
