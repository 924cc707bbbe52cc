"""The shared weight at which a network is best, found on a grid and then on a finer one around its best weight.

With s selection episodes and G weights in the grid the choice takes about 5 * 4 G + 9 * 64 episodes, which are 2,200
for the range from -2 to 2. It takes fewer if s is below 64, and up to 2,400 more if s is above. At the weight 0 all
connections are off and the network does nothing, so 0 is tried only if the search swept it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wann.network import Network, Networks
from wann.randomness import Purpose, episode_seeds

# (networks, weights [W], seeds [R] or [W, R]) -> returns [P, W, R]
Evaluate = Callable[[Networks, NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]

GRID_STEP = 0.05  # between neighbouring weights of the first grid
GRID_SIZE = 401  # maximal number of weights of that grid
GRID_EPISODES = 64  # per weight in the last round of the first grid, or fewer if the champion is chosen on fewer
GRID_HALVINGS = 4  # rounds before that, the first on a sixteenth of these episodes


def weight_grid(low: float, high: float) -> NDArray[np.float64]:
    """Shared weights from ``low`` to ``high``, `GRID_STEP` apart, at most `GRID_SIZE` of them, without 0."""
    count = int(min(max(2, round((high - low) / GRID_STEP) + 1), GRID_SIZE))
    grid = np.round(np.linspace(low, high, count), 12)
    return grid[grid != 0]


def best_shared_weight(
    network: Network,
    evaluate: Evaluate,
    weights: NDArray[np.float64],
    grid: NDArray[np.float64],
    selection_episodes: int,
    seed: int,
) -> float:
    """The best shared weight, by halving on selection seeds: first of all given weights, then of a finer grid.

    Args:
        network: the champion's.
        evaluate: gives returns on whole episodes.
        weights: swept by the search. Only they may include 0.
        grid: see `weight_grid`.
        selection_episodes: number of episodes for the last choice.
        seed: the run's.
    """

    def halve(settings: NDArray[np.float64], schedule: list[int], index: int) -> float:
        """Keep the better half at each number of episodes of the schedule. All weights have the same episodes."""
        for round_, episodes in enumerate(schedule):
            seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, 1000 + index + round_, episodes)
            returns = evaluate(Networks.of([network]), settings, seeds)[0].mean(axis=1)
            best_first = settings[np.argsort(-np.where(np.isfinite(returns), returns, -np.inf), kind="stable")]
            settings = np.sort(best_first[: -(-len(settings) // 2)])
            if len(best_first) == 1:
                break
        return float(best_first[0])

    last = min(GRID_EPISODES, selection_episodes)
    best = halve(np.union1d(weights, grid), [max(1, last >> k) for k in range(GRID_HALVINGS, -1, -1)], 0)
    finer = np.round(best + (grid[1] - grid[0]) / 5 * np.arange(-4, 5), 12)
    finer = finer[(finer != 0) | (finer == best)]
    finer = finer[(finer >= min(grid[0], best)) & (finer <= max(grid[-1], best))]
    # Neighbours differ by less than the cost of a fall or two in 64 episodes.
    return halve(finer, [last << k for k in range((selection_episodes // last).bit_length())], GRID_HALVINGS + 1)
