"""The walker's episodes by the lane kernels, as `envs.task.Task.evaluate` returns them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Seeds, Weights, lane_grid, weight_table
from envs.waves import BAD_OBSERVATION, BAD_OUTPUT, BAD_REWARD, Limits, examples_of_failures
from envs.waves import Episodes as AllEpisodes
from wann.network import Networks

_MOST_GROUNDS = 2048  # at a time; each takes 8 kB, or 14 with obstacles
EPISODE_STEPS = {False: 1600, True: 2000}  # by ``hardcore``


def evaluate_in_lanes(
    name: str,
    networks: Networks,
    weights: Weights,
    seeds: Seeds,
    hardcore: bool,
    limits: Limits,
    fall_reward: float,
    seen: NDArray[np.float32] | None = None,
) -> Returns:
    """Run every network at every weight on every seed, in float32.

    Args:
        name: of the environment, for messages.
        fall_reward: the reward of the step that falls.
        seen: [S, 24], written: what the network sees before the first S steps of the first episode.

    Raises:
        RuntimeError: a walker touched more shapes at once than the engine has room for; names the episode.
    """
    from envs.box2d.walker import kernels

    wanted = AllEpisodes.of(len(networks), *lane_grid(weights, seeds))
    table, individual = weight_table(networks, weights)
    seen = np.empty((0, networks.num_inputs), np.float32) if seen is None else seen
    size = len(wanted.seeds)
    returns, steps = np.zeros(size), np.zeros(size, np.int64)
    falls, outcomes = np.zeros(size, bool), np.zeros(size, np.int64)
    most_steps = min(EPISODE_STEPS[hardcore], limits.max_steps or EPISODE_STEPS[hardcore])
    rules = kernels.Rules(most_steps, limits.stall_steps or 0, fall_reward)
    for part in _parts(wanted.seeds):
        own, ground = np.unique(wanted.seeds[part], return_inverse=True)
        grounds, pushes = kernels.make_grounds(own, hardcore)
        episodes = kernels.Episodes(
            np.array(wanted.networks[part]),  # copies, so that all have one type for numba
            np.array(wanted.settings[part]),
            np.array(ground, np.int64),
            returns[part],
            steps[part],
            falls[part],
            outcomes[part],
            seen,
        )
        nodes, edges = np.diff(networks.node_offsets).max(), np.diff(networks.connection_offsets).max(initial=1)
        pool = kernels.Pool.of(len(ground), int(nodes), int(edges) if individual else 1)
        programs = networks.program_arrays()
        kernels.play(kernels.TABLES, grounds, pushes, programs, table, individual, rules, episodes, pool)
    return Returns(
        returns.reshape(wanted.shape),
        steps.reshape(wanted.shape),
        falls.reshape(wanted.shape),
        _failures(name, outcomes, wanted, steps),
    )


def _parts(seeds: NDArray[np.int64]) -> list[slice]:
    """Slices of episodes with few different seeds each."""
    if len(np.unique(seeds)) <= _MOST_GROUNDS:
        return [slice(0, len(seeds))]
    return [slice(begin, begin + _MOST_GROUNDS) for begin in range(0, len(seeds), _MOST_GROUNDS)]


def _failures(name: str, outcomes: NDArray[np.int64], wanted: AllEpisodes, steps: NDArray[np.int64]) -> dict[str, str]:
    """An example of each kind of failure."""
    from envs.box2d.walker import kernels

    crowded = np.flatnonzero(outcomes == kernels.TOO_MANY_CONTACTS)
    if len(crowded):
        episode = crowded[0]
        raise RuntimeError(
            f"{name}: more contacts of one body than the lane engine has room for, in the episode of network "
            f"{wanted.networks[episode]}, weight setting {wanted.settings[episode]}, seed {wanted.seeds[episode]}, "
            f"step {steps[episode]}; task.simulator: gymnasium has no such limit"
        )
    kinds = {
        kernels.BAD_OBSERVATION: BAD_OBSERVATION,
        kernels.BAD_OUTPUT: BAD_OUTPUT,
        kernels.BAD_REWARD: BAD_REWARD,
    }
    return examples_of_failures(name, kinds, outcomes, wanted.seeds, steps)
