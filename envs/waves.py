"""Episodes in waves: environments step in lockstep, and one compiled call computes all their networks.

A wave is a new pool of up to ``wave`` environments, each made with the seed of its own episode. Lanes whose episode is
over leave the wave, so no simulator step is wasted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.lane_networks import LaneNetworks
from envs.task import Returns, Seeds, Weights, lane_grid, weights_of_one
from wann.errors import UserError
from wann.network import Network, Networks
from wann.oracle import Lanes

# Maps n lanes, their inputs [n, I], networks [n] and weight settings [n] to their outputs [n, O].
Act = Callable[[NDArray[np.int64], NDArray, NDArray[np.int64], NDArray[np.int64]], NDArray]
# Makes the `Act` of a wave whose lanes are these episodes. It keeps what they carry from step to step.
MakeAct = Callable[["Episodes"], Act]
# Maps lanes [n] of one pool and their observations [n, ...] to their networks' inputs [n, I].
Encode = Callable[[NDArray[np.int64], NDArray], NDArray[np.float64]]


def simulator_version(package: str) -> str:
    """A simulator's name and version for champion files and logs."""
    return f"{package} {version(package)}"


# The kind of failure caused by the network itself: its output is not a number.
OUTPUT = "output"


@dataclass(frozen=True)
class Failure:
    """The reason why an episode has no return."""

    kind: str  # the same for failures with the same cause; each kind is reported once
    why: str  # follows the name of the environment, as in "step() raised ValueError: ..."

    def sentence(self, environment: str, seed: int, step: int) -> str:
        return f"{environment}: {self.why} (seed {seed}, step {step})"


BAD_OBSERVATION = Failure("observation", "an observation that is not finite")
BAD_OUTPUT = Failure(OUTPUT, "a network with an output that is no number")
BAD_REWARD = Failure("reward", "a reward that is not finite")


def examples_of_failures(
    environment: str,
    kinds: Mapping[int, Failure],
    codes: NDArray[np.int64],
    seeds: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> dict[str, str]:
    """The first of T episodes of each kind of failure as a sentence; ``codes`` [T] are keys of ``kinds``, or others."""
    found = {}
    for code, failure in kinds.items():
        for first in np.flatnonzero(codes == code)[:1]:
            found[failure.kind] = failure.sentence(environment, seeds[first], steps[first])
    return found


@dataclass(frozen=True)
class Step:
    """The answers of n stepped environments."""

    observations: NDArray  # [n, ...]
    rewards: NDArray[np.float64]  # [n]
    terminated: NDArray[np.bool_]  # [n]
    truncated: NDArray[np.bool_]  # [n]
    falls: NDArray[np.bool_] | None = None  # [n] ended in failure; None if the simulator has no such end


class Pool(Protocol):
    """L environments at their first observations.

    In a forgiving pool, an environment that fails raises no error but gives an observation or a reward that is not a
    number.
    """

    @property
    def observations(self) -> NDArray:
        """[L, ...]"""
        ...

    @property
    def counts_falls(self) -> bool:
        """True if steps report falls."""
        ...

    @property
    def failures(self) -> Mapping[int, Failure]:
        """Reasons of failures so far, by lane; empty unless the pool is forgiving."""
        ...

    def step(self, lanes: NDArray[np.int64], outputs: NDArray) -> Step:
        """Step the environments ``lanes`` [n], ascending, with the networks' outputs [n, O].

        An environment that has ended is never stepped again.

        Raises:
            LaneError: an environment raised.
        """
        ...

    def close(self) -> None: ...


# Makes a new pool from seeds [L].
MakePool = Callable[[NDArray[np.int64]], Pool]


class LaneError(RuntimeError):
    """The environment of one lane raised ``error``; ``id`` names its kind."""

    def __init__(self, lane: int, id: str, error: Exception) -> None:
        self.lane = lane
        self.what, self.why = f"{id} raised {type(error).__name__}", str(error)
        super().__init__(f"{self.what} in lane {lane}: {self.why}")


@dataclass(frozen=True)
class Limits:
    """Limits at which an episode is cut, in addition to the simulator's own end.

    An episode stalls when its return has reached no new maximum for ``stall_steps`` steps.
    """

    max_steps: int | None = None
    stall_steps: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("max_steps", self.max_steps), ("stall_steps", self.stall_steps)):
            if value is not None and value < 1:
                raise UserError(key=f"task.{name}", expected="at least 1", found=str(value))


@dataclass(frozen=True)
class Episodes:
    """T episodes, each with the index of its network, the index of its weight setting, and its seed."""

    networks: NDArray[np.int64]
    settings: NDArray[np.int64]
    seeds: NDArray[np.int64]
    shape: tuple[int, ...]  # [P, W, R], or [T]

    @classmethod
    def of(cls, num_networks: int, settings: NDArray[np.int64], seeds: NDArray[np.int64]) -> Episodes:
        """P x W x R episodes in that order; ``settings`` and ``seeds`` are [W, R]."""
        shape = (num_networks, *seeds.shape)
        networks = np.arange(num_networks)[:, None, None]
        networks, settings, seeds = (np.broadcast_to(part, shape).ravel() for part in (networks, settings, seeds))
        return cls(networks, settings, seeds, shape)

    def take(self, rows: slice | NDArray[np.int64]) -> Episodes:
        """n of them, in the shape [n]."""
        seeds = self.seeds[rows]
        return Episodes(self.networks[rows], self.settings[rows], seeds, seeds.shape)


def as_float64(lanes: NDArray[np.int64], observations: NDArray) -> NDArray[np.float64]:
    """Observations as a network's inputs, without any transformation but the type."""
    return observations.astype(np.float64)


@dataclass(frozen=True)
class Simulation:
    """The settings for stepping a task's episodes.

    ``make_encode`` gives, for a new pool of so many lanes, the function that makes inputs of observations. It is called
    once for each step of a lane, in order, so it may remember what the lane saw before.
    """

    name: str  # of the environment, for messages
    make_pool: MakePool
    wave: int  # maximal number of environments in one pool
    limits: Limits = Limits()
    make_encode: Callable[[int], Encode] = lambda num_lanes: as_float64
    fall_reward: float | None = None  # replaces the simulator's reward for the step that falls


def evaluate_in_waves(simulation: Simulation, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
    """Run every network at every weight on every seed, in float32; see `envs.task.Task.evaluate`.

    Raises:
        RuntimeError: an environment raised; names the episode.
    """
    episodes = Episodes.of(len(networks), *lane_grid(weights, seeds))
    return play_in_waves(simulation, networks, weights, episodes)


def play_in_waves(simulation: Simulation, networks: Networks, weights: Weights, episodes: Episodes) -> Returns:
    """Play the given episodes, in float32. The returns have the shape of ``episodes``.

    Raises:
        RuntimeError: an environment raised; names the episode.
    """
    runner = LaneNetworks(networks, weights)

    def start(episodes: Episodes) -> Act:
        state = runner.initial_state(len(episodes.seeds))

        def act(lanes: NDArray, inputs: NDArray, network: NDArray, setting: NDArray) -> NDArray[np.float32]:
            outputs = np.empty((len(network), networks.num_outputs), np.float32)
            runner.run(lanes, network, setting, inputs, state, outputs)
            return outputs

        return act

    return _play(simulation, start, episodes, networks.num_inputs)


def oracle_in_waves(simulation: Simulation, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
    """Run one network at every weight on every seed, in float64 through `wann.oracle`.

    Raises:
        RuntimeError: an environment raised; names the episode.
    """
    weights = np.asarray(weights, np.float64)
    grid = lane_grid(weights_of_one(weights), seeds)

    def start(episodes: Episodes) -> Act:
        states = Lanes(network, weights[episodes.settings])

        def act(lanes: NDArray, inputs: NDArray, *_: NDArray) -> NDArray[np.float64]:
            with np.errstate(over="ignore", invalid="ignore"):
                return states.step(inputs, lanes)

        return act

    return _play(simulation, start, Episodes.of(1, *grid), network.num_inputs)


def _play(simulation: Simulation, start: MakeAct, episodes: Episodes, num_inputs: int) -> Returns:
    if not len(episodes.seeds):
        return Returns.of_none(episodes.shape)
    begins = range(0, len(episodes.seeds), simulation.wave)
    waves = [_Wave(simulation, episodes.take(slice(b, b + simulation.wave)), num_inputs) for b in begins]
    for wave in waves:
        wave.play(start)

    def whole(parts: list[NDArray]) -> NDArray:
        return np.concatenate(parts).reshape(episodes.shape)

    failures: dict[str, str] = {}
    for wave in waves:
        failures = {**wave.failures, **failures}
    falls = [wave.falls for wave in waves if wave.falls is not None]
    return Returns(
        whole([wave.returns for wave in waves]),
        whole([wave.steps for wave in waves]),
        whole(falls) if falls else None,
        failures,
    )


class _Wave:
    """The episodes of one pool.

    An observation, output or reward that is not finite ends its episode, and the return is NaN, which no
    champion may have.

    Attributes:
        returns: [L].
        steps: [L].
        falls: [L], or None if the pool does not count falls.
        failures: an example of each kind of failure.
    """

    def __init__(self, simulation: Simulation, episodes: Episodes, num_inputs: int) -> None:
        size = len(episodes.seeds)
        self._simulation, self._episodes, self._num_inputs = simulation, episodes, num_inputs
        self.returns, self.steps = np.zeros(size), np.zeros(size, np.int64)
        self.falls: NDArray[np.bool_] | None = None
        self.failures: dict[str, str] = {}
        self._best, self._best_step = np.full(size, -np.inf), np.zeros(size, np.int64)

    def play(self, start: MakeAct) -> None:
        """Play all episodes.

        Raises:
            RuntimeError: an environment raised; names the episode.
        """
        pool = None
        try:
            pool = self._simulation.make_pool(self._episodes.seeds)
            self._play(pool, start(self._episodes))
        except LaneError as error:
            raise RuntimeError(self._where(error)) from error
        finally:
            if pool is not None:
                pool.close()
        self.returns[~np.isfinite(self.returns)] = np.nan

    def _play(self, pool: Pool, act: Act) -> None:
        episodes, lanes = self._episodes, np.arange(len(self.returns))
        encode = self._simulation.make_encode(len(lanes))
        self.falls = np.zeros(len(lanes), bool) if pool.counts_falls else None
        observations = pool.observations
        while len(lanes):
            inputs = self._checked(encode(lanes, observations), len(lanes))
            outputs = act(lanes, inputs, episodes.networks[lanes], episodes.settings[lanes])
            seen, said = np.isfinite(inputs).all(axis=1), ~np.isnan(outputs).any(axis=1)
            sound = seen & said
            if not sound.all():
                self._fail(pool, lanes[~seen], BAD_OBSERVATION)
                self._fail(pool, lanes[seen & ~said], BAD_OUTPUT)
                lanes, outputs = lanes[sound], outputs[sound]
                if not len(lanes):
                    break
            step = pool.step(lanes, outputs)
            over = self._take(pool, lanes, step)
            lanes, observations = (lanes[~over], step.observations[~over]) if over.any() else (lanes, step.observations)

    def _checked(self, inputs: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The networks' inputs [n, I]. Their number is checked here, because kernels do not check it."""
        expected = (count, self._num_inputs)
        if inputs.shape != expected:
            raise ValueError(
                f"{self._simulation.name}: expected inputs of shape {list(expected)}, found {list(inputs.shape)}"
            )
        return inputs

    def _take(self, pool: Pool, lanes: NDArray[np.int64], step: Step) -> NDArray[np.bool_]:
        """Add a step to the episodes of ``lanes`` [n]. Returns a mask [n] of those that are over."""
        limits, rewards = self._simulation.limits, step.rewards
        if self.falls is not None and step.falls is not None:
            self.falls[lanes] = step.falls
            if self._simulation.fall_reward is not None:
                rewards = np.where(step.falls, self._simulation.fall_reward, rewards)
        self.returns[lanes] += rewards
        broken = ~np.isfinite(self.returns[lanes])
        if broken.any():
            self._fail(pool, lanes[broken], BAD_REWARD)
        self.steps[lanes] += 1
        over = step.terminated | step.truncated | broken
        if limits.max_steps is not None:
            over |= self.steps[lanes] >= limits.max_steps
        if limits.stall_steps is not None:
            risen = lanes[self.returns[lanes] > self._best[lanes]]
            self._best[risen], self._best_step[risen] = self.returns[risen], self.steps[risen]
            over |= self.steps[lanes] - self._best_step[lanes] >= limits.stall_steps
        return over

    def _fail(self, pool: Pool, lanes: NDArray[np.int64], usual: Failure) -> None:
        """End episodes without a return. The reason is the pool's, or ``usual`` if it has none."""
        self.returns[lanes] = np.nan
        for lane in lanes.tolist():
            failure = pool.failures.get(lane, usual)
            if failure.kind not in self.failures:
                where = self._simulation.name, self._episodes.seeds[lane], self.steps[lane]
                self.failures[failure.kind] = failure.sentence(*where)

    def _where(self, error: LaneError) -> str:
        episodes, lane = self._episodes, error.lane
        return (
            f"{error.what} in the episode of network {episodes.networks[lane]}, weight setting "
            f"{episodes.settings[lane]}, seed {episodes.seeds[lane]}, step {self.steps[lane]}: {error.why}"
        )
