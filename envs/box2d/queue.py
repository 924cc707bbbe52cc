"""The episodes that a pool of lanes plays: cut into parts of few worlds, and put together again.

A world is what an episode's seed decides: a terrain or a track.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Seeds, Weights, lane_grid
from envs.waves import BAD_OBSERVATION, BAD_OUTPUT, BAD_REWARD, Episodes, examples_of_failures

# Outcomes of an episode. The last is no failure of the network: the lanes have no room for the contacts of a body.
PLAYED, NOT_SEEN, NOT_SAID, NOT_REWARDED, CROWDED = range(5)
_FAILURES = {NOT_SEEN: BAD_OBSERVATION, NOT_SAID: BAD_OUTPUT, NOT_REWARDED: BAD_REWARD}


class Queue(NamedTuple):
    """T episodes to play, and what became of them.

    Attributes:
        networks: [T] index of each episode's network.
        settings: [T] index of its weight setting.
        worlds: [T] index of its terrain or track.
        returns: [T] float64, NaN unless `PLAYED`.
        steps: [T] int64.
        falls: [T] bool, fell or left the playing field.
        outcomes: [T] int64.
    """

    networks: NDArray[np.int64]
    settings: NDArray[np.int64]
    worlds: NDArray[np.int64]
    returns: NDArray[np.float64]
    steps: NDArray[np.int64]
    falls: NDArray[np.bool_]
    outcomes: NDArray[np.int64]

    @classmethod
    def of(cls, episodes: Episodes) -> tuple[NDArray[np.int64], Self]:
        """The different seeds, one for each world, and the queue."""
        seeds, worlds = np.unique(episodes.seeds, return_inverse=True)
        size = len(episodes.seeds)
        # Copies, so that all have one type for numba.
        asked = np.array(episodes.networks), np.array(episodes.settings), worlds.ravel().astype(np.int64)
        returns, steps, outcomes = np.zeros(size), np.zeros(size, np.int64), np.zeros(size, np.int64)
        return seeds, cls(*asked, returns, steps, np.zeros(size, np.bool_), outcomes)


# Plays all episodes of a queue, in the worlds of these seeds.
Play = Callable[[NDArray[np.int64], Queue], None]
# Plays episodes in the reference simulator.
Replay = Callable[[Episodes], Returns]


def play_in_parts(
    name: str,
    num_networks: int,
    weights: Weights,
    seeds: Seeds,
    most_worlds: int,
    play: Play,
    replay: Replay | None = None,
) -> Returns:
    """Play every network at every weight on every seed; see `envs.task.Task.evaluate`.

    Args:
        name: of the environment, for messages.
        num_networks: P.
        weights: see `envs.task.Weights`.
        seeds: [R] or [W, R].
        most_worlds: at a time, because each takes memory.
        play: see `Play`.
        replay: for `CROWDED` episodes, in scenes that have contacts.
    """
    episodes = Episodes.of(num_networks, *lane_grid(weights, seeds))
    size = len(episodes.seeds)
    returns, steps = np.zeros(size), np.zeros(size, np.int64)
    falls, outcomes = np.zeros(size, np.bool_), np.zeros(size, np.int64)
    for rows in _parts(episodes.seeds, most_worlds):
        own_seeds, queue = Queue.of(episodes.take(rows))
        play(own_seeds, queue)
        returns[rows], steps[rows], falls[rows], outcomes[rows] = queue[3:]
    failures = examples_of_failures(name, _FAILURES, outcomes, episodes.seeds, steps)
    crowded = np.flatnonzero(outcomes == CROWDED)
    if len(crowded):
        assert replay is not None
        again = replay(episodes.take(crowded))
        returns[crowded], steps[crowded], falls[crowded] = again.values, again.steps, again.falls
        failures = {**again.failures, **failures}
    shape = episodes.shape
    return Returns(returns.reshape(shape), steps.reshape(shape), falls.reshape(shape), failures, len(crowded))


def _parts(seeds: NDArray[np.int64], most: int) -> Iterator[NDArray[np.int64]]:
    """Indices of episodes, in groups of at most so many different seeds."""
    number = np.unique(seeds, return_inverse=True)[1].ravel() // most
    for group in range(int(number.max(initial=-1)) + 1):
        yield np.flatnonzero(number == group)
