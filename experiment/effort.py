"""The number of episodes needed to choose survivors, or to choose and confirm a champion.

Displays show progress against it. It is exact unless candidates fail or the best weight is at an end of the grid.
"""

from __future__ import annotations

import numpy as np

from configs import Config
from evolution.confirmation import oracle_rollouts, side_episodes
from evolution.shared_weight import GRID_EPISODES, GRID_HALVINGS, weight_grid
from evolution.weight_settings import selection_weights, weight_range


def expected_episodes(config: Config, num_programs: int) -> int:
    """Episodes from the candidates to the champion's report, if the oracle confirms the first one.

    Args:
        config: the plain config that decides about the champion.
        num_programs: number of different candidates.
    """
    settings, weights = config.champion, selection_weights(config.evaluation)
    grid = len(np.union1d(weights, weight_grid(*weight_range(config.evaluation))))
    report = settings.report_episodes * 2 + side_episodes(settings) * (len(weights) + 1)
    again = len(weights) * oracle_rollouts(settings, len(weights))
    best_weight = _best_weight(settings.selection_episodes, grid)
    return ranking_episodes(config, num_programs) + again + best_weight + report


def ranking_episodes(config: Config, num_programs: int, wanted: int = 1) -> int:
    """Episodes needed to find the ``wanted`` best; see `evolution.confirmation.rank_candidates`."""
    settings, num_weights = config.champion, len(selection_weights(config.evaluation))
    total, left, episodes = 0, num_programs, settings.first_episodes
    kept = max(settings.candidates, wanted)
    while True:
        total += left * num_weights * max(1, episodes // num_weights)
        if left <= 1 or episodes >= settings.selection_episodes:
            return total
        left = min(left, kept)
        episodes = settings.selection_episodes if 1 < left <= wanted else 2 * episodes
        kept = max(wanted, kept // 2)


def _best_weight(selection_episodes: int, grid: int) -> int:
    """Episodes needed by `evolution.shared_weight.best_shared_weight`."""
    last = min(GRID_EPISODES, selection_episodes)
    coarse = [max(1, last >> k) for k in range(GRID_HALVINGS, -1, -1)]
    fine = [last << k for k in range((selection_episodes // last).bit_length())]
    total = 0
    for left, schedule in ((grid, coarse), (9, fine)):
        for episodes in schedule:
            total += left * episodes
            if left == 1:
                break
            left = -(-left // 2)
    return total
