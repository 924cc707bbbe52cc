"""The walker's episodes by the lane kernels, as `envs.task.Task.evaluate` returns them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.box2d.queue import CROWDED, NOT_SAID, Queue, Replay, play_in_parts
from envs.task import Returns, Seeds, Weights, lane_grid, weight_table
from envs.waves import Episodes, Limits
from wann.network import Network, Networks

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
    replay: Replay,
) -> Returns:
    """Run every network at every weight on every seed, in float32.

    Args:
        name: of the environment, for messages.
        fall_reward: the reward of the step that falls.
        replay: plays the episodes in which a walker touches more shapes at once than the engine has room for.
    """

    def play(own_seeds: NDArray[np.int64], queue: Queue) -> None:
        _play(networks, weights, hardcore, limits, fall_reward, own_seeds, queue, _unseen(networks))

    return play_in_parts(name, len(networks), weights, seeds, _MOST_GROUNDS, play, replay)


def observe_in_lanes(
    network: Network, weight: float, seed: int, hardcore: bool, fall_reward: float
) -> NDArray[np.float64] | None:
    """Inputs [T, 24] that one network saw in its whole episode, in float32; None if the engine had no room for it."""
    weights, networks = np.array([weight]), Networks.of([network])
    seen = np.empty((EPISODE_STEPS[hardcore], networks.num_inputs), np.float32)
    own_seeds, queue = Queue.of(Episodes.of(1, *lane_grid(weights, [seed])))
    _play(networks, weights, hardcore, Limits(), fall_reward, own_seeds, queue, seen)
    if queue.outcomes[0] == CROWDED:
        return None
    unanswered = queue.outcomes[0] == NOT_SAID  # a network without an answer saw one more, as in Gymnasium
    return seen[: queue.steps[0] + unanswered].astype(np.float64)


def _unseen(networks: Networks) -> NDArray[np.float32]:
    """No room for what networks see."""
    return np.empty((0, networks.num_inputs), np.float32)


def _play(
    networks: Networks,
    weights: Weights,
    hardcore: bool,
    limits: Limits,
    fall_reward: float,
    seeds: NDArray[np.int64],
    queue: Queue,
    seen: NDArray[np.float32],
) -> None:
    """Play a queue. What the network sees before the first S steps of the first episode goes to ``seen`` [S, 24]."""
    from envs.box2d.walker import kernels

    table, individual = weight_table(networks, weights)
    most_steps = min(EPISODE_STEPS[hardcore], limits.max_steps or EPISODE_STEPS[hardcore])
    rules = kernels.Rules(most_steps, limits.stall_steps or 0, fall_reward)
    grounds, pushes = kernels.make_grounds(seeds, hardcore)
    pool = kernels.Pool.of(len(queue.worlds), networks, individual)
    run = networks.program_arrays(), networks.state_arrays(), not networks.is_plain, table, individual
    kernels.play(kernels.TABLES, grounds, pushes, *run, rules, queue, seen, pool)
