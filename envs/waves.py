"""Episodes in waves: environments that step in lockstep, with all their networks computed in one compiled call.

A wave is a fresh pool of up to ``wave`` environments, each made with the seed of its own episode. Lanes whose
episode is over leave the wave, so no step of a simulator is wasted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Weights, lane_grid, weight_table, weights_of_one
from wann.errors import UserError
from wann.network import Network, Networks
from wann.oracle import forward_lanes

# Networks [n], weight settings [n] and inputs [n, I] of n lanes to their outputs [n, O].
Act = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray], NDArray]


def simulator_version(package: str) -> str:
    """What champion files and logs say of what stepped the episodes."""
    return f"{package} {version(package)}"


@dataclass(frozen=True)
class Step:
    """What n stepped environments answered."""

    observations: NDArray  # [n, ...]
    rewards: NDArray[np.float64]  # [n]
    terminated: NDArray[np.bool_]  # [n]
    truncated: NDArray[np.bool_]  # [n]
    falls: NDArray[np.bool_] | None = None  # [n] ended in failure, where the simulator has such an end


class Pool(Protocol):
    """L environments at their first observations."""

    @property
    def observations(self) -> NDArray:
        """[L, ...]"""
        ...

    def step(self, lanes: NDArray[np.int64], outputs: NDArray) -> Step:
        """Step the environments ``lanes`` [n], ascending, with what networks gave out, [n, O].

        One that has ended is never stepped again.

        Raises:
            LaneError: an environment raised.
        """
        ...

    def close(self) -> None: ...


# Seeds [L] to a fresh pool.
MakePool = Callable[[NDArray[np.int64]], Pool]


class LaneError(RuntimeError):
    """The environment of one lane raised ``error``; ``id`` names the kind of environment."""

    def __init__(self, lane: int, id: str, error: Exception) -> None:
        self.lane = lane
        self.what, self.why = f"{id} raised {type(error).__name__}", str(error)
        super().__init__(f"{self.what} in lane {lane}: {self.why}")


@dataclass(frozen=True)
class Limits:
    """Where an episode is cut, besides the simulator's own end.

    An episode stalls when its return has reached no new maximum for ``stall_steps`` steps.
    """

    max_steps: int | None = None
    stall_steps: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_steps", "stall_steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"task.{name}: expected at least 1, found {value}")


@dataclass(frozen=True)
class Episodes:
    """T episodes: index of the network and of the weight setting, and the seed of each."""

    networks: NDArray[np.int64]
    settings: NDArray[np.int64]
    seeds: NDArray[np.int64]
    shape: tuple[int, ...]  # [P, W, R] of all of them

    @classmethod
    def of(cls, num_networks: int, settings: NDArray[np.int64], seeds: NDArray[np.int64]) -> Episodes:
        """P x W x R episodes in that order; ``settings`` and ``seeds`` are [W, R]."""
        shape = (num_networks, *seeds.shape)
        networks = np.arange(num_networks)[:, None, None]
        networks, settings, seeds = (np.broadcast_to(part, shape).ravel() for part in (networks, settings, seeds))
        return cls(networks, settings, seeds, shape)

    def take(self, rows: slice) -> Episodes:
        return Episodes(self.networks[rows], self.settings[rows], self.seeds[rows], self.shape)


def as_float64(observations: NDArray) -> NDArray[np.float64]:
    """Observations that are a network's inputs."""
    return observations.astype(np.float64)


@dataclass(frozen=True)
class Simulation:
    """How a task's episodes are stepped.

    ``encode`` makes a network's inputs [n, I] of what the simulator shows.
    """

    make_pool: MakePool
    wave: int  # environments in one pool at most
    limits: Limits = Limits()
    encode: Callable[[NDArray], NDArray[np.float64]] = as_float64
    fall_reward: float | None = None  # instead of the simulator's, for the step that falls


def evaluate_in_waves(simulation: Simulation, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
    """Every network at every weight on every seed, in float32; see `envs.task.Task.evaluate`.

    Raises:
        RuntimeError: an environment raised; names the episode.
    """
    from wann.kernels.wave_forward import wave_outputs

    grid = lane_grid(weights, seeds)
    table, individual = weight_table(networks, weights)
    programs = networks.program_arrays()

    def act(network: NDArray, setting: NDArray, inputs: NDArray) -> NDArray[np.float32]:
        outputs = np.empty((len(network), networks.num_outputs), np.float32)
        wave_outputs(programs, table, individual, network, setting, inputs, outputs)
        return outputs

    return _play(simulation, act, Episodes.of(len(networks), *grid))


def oracle_in_waves(simulation: Simulation, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
    """One network at every weight on every seed, in float64 through `wann.oracle`.

    Raises:
        RuntimeError: an environment raised; names the episode.
    """
    weights = np.asarray(weights, np.float64)
    grid = lane_grid(weights_of_one(weights), seeds)

    def act(_: NDArray, setting: NDArray, inputs: NDArray) -> NDArray[np.float64]:
        with np.errstate(over="ignore", invalid="ignore"):
            return forward_lanes(network, weights[setting], inputs)

    return _play(simulation, act, Episodes.of(1, *grid))


def _play(simulation: Simulation, act: Act, episodes: Episodes) -> Returns:
    begins = range(0, len(episodes.seeds), simulation.wave)
    parts = [_play_wave(simulation, act, episodes.take(slice(b, b + simulation.wave))) for b in begins]
    values, steps, falls = (np.concatenate(part).reshape(episodes.shape) for part in zip(*parts, strict=True))
    return Returns(values, steps, falls)


def _play_wave(
    simulation: Simulation, act: Act, episodes: Episodes
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Returns, steps and falls [L] of one wave.

    An observation, output or reward that is not finite ends its episode, and the return is NaN, which no
    champion may have.
    """
    size = len(episodes.seeds)
    returns, best, falls = np.zeros(size), np.full(size, -np.inf), np.zeros(size, bool)
    steps, best_step = np.zeros(size, np.int64), np.zeros(size, np.int64)
    most, patience = simulation.limits.max_steps or np.iinfo(np.int64).max, simulation.limits.stall_steps
    lanes = np.arange(size)
    pool = None
    try:
        pool = simulation.make_pool(episodes.seeds)
        observations = pool.observations
        while len(lanes):
            inputs = simulation.encode(observations)
            outputs = act(episodes.networks[lanes], episodes.settings[lanes], inputs)
            sound = np.isfinite(inputs).all(axis=1) & ~np.isnan(outputs).any(axis=1)
            if not sound.all():
                returns[lanes[~sound]] = np.nan
                lanes, outputs = lanes[sound], outputs[sound]
                if not len(lanes):
                    break
            step = pool.step(lanes, outputs)
            rewards = step.rewards
            if step.falls is not None:
                falls[lanes] = step.falls
                if simulation.fall_reward is not None:
                    rewards = np.where(step.falls, simulation.fall_reward, rewards)
            returns[lanes] += rewards
            steps[lanes] += 1
            over = step.terminated | step.truncated | ~np.isfinite(returns[lanes]) | (steps[lanes] >= most)
            if patience is not None:
                risen = lanes[returns[lanes] > best[lanes]]
                best[risen], best_step[risen] = returns[risen], steps[risen]
                over |= steps[lanes] - best_step[lanes] >= patience
            lanes, observations = (lanes[~over], step.observations[~over]) if over.any() else (lanes, step.observations)
    except LaneError as error:
        raise RuntimeError(_where(error, episodes, steps)) from error
    finally:
        if pool is not None:
            pool.close()
    returns[~np.isfinite(returns)] = np.nan
    return returns, steps, falls


def _where(error: LaneError, episodes: Episodes, steps: NDArray[np.int64]) -> str:
    lane = error.lane
    return (
        f"{error.what} in the episode of network {episodes.networks[lane]}, weight setting {episodes.settings[lane]}, "
        f"seed {episodes.seeds[lane]}, step {steps[lane]}: {error.why}"
    )
