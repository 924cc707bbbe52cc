"""The champion: chosen by halving on selection seeds, reported once on seeds that nothing chose on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.schema import ChampionConfig, EvaluationConfig
from evolution.randomness import Purpose, episode_seeds, keyed_rng
from wann.genome import Genome
from wann.network import Network, Networks, compile_genome, compile_population
from wann.population import Population

LOGGER = logging.getLogger(__name__)

# (networks, weights [W], seeds [R] or [W, R]) -> returns [P, W, R]
Evaluate = Callable[[Networks, NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]
# The same for one network, in float64.
Oracle = Callable[[Network, NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]

FIRST_EPISODES = 32  # per program, before the field is cut to the candidates
TOLERATED_ERRORS = 5.0  # standard errors by which the oracle may find a candidate worse than the kernels did
GRID_STEP = 0.05  # between the shared weights among which the best is looked for
GRID_SIZE = 401  # shared weights of that grid at most
GRID_EPISODES = 64  # per shared weight of that grid


def rank_candidates(
    candidates: Population, evaluate: Evaluate, config: ChampionConfig, evaluation: EvaluationConfig, seed: int
) -> list[tuple[Genome, float]]:
    """The best candidates, best first, with their scores: successive halving over held-out seeds.

    All different programs are scored on a few episodes; the best ``config.candidates`` go on; then the
    better half on twice the episodes, until the last is left or ``config.selection_episodes`` are reached.
    Candidates with a return that is not finite are left out; the list may be empty.
    """
    networks = compile_population(candidates)
    rows = _small_enough(networks, np.unique(networks.hashes, return_index=True)[1], config.max_connections)
    weights = selection_weights(evaluation)
    episodes, kept, halving = FIRST_EPISODES, config.candidates, 0
    while True:
        rollouts = max(1, episodes // len(weights))
        seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, halving, rollouts * len(weights))
        returns = evaluate(networks.take(rows), weights, seeds.reshape(len(weights), rollouts)).mean(axis=2)
        score = returns.mean(axis=1) if config.objective == "mean" else returns.max(axis=1)
        score = np.where(np.isfinite(returns).all(axis=1), score, -np.inf)
        order = np.argsort(-score, kind="stable")[: np.count_nonzero(np.isfinite(score))]
        if len(order) <= 1 or episodes >= config.selection_episodes:
            return [(candidates[int(rows[index])], float(score[index])) for index in order]
        rows = rows[order[:kept]]
        episodes, kept, halving = episodes * 2, max(1, kept // 2), halving + 1


def agrees(
    genome: Genome, score: float, oracle: Oracle, config: ChampionConfig, evaluation: EvaluationConfig, seed: int
) -> bool:
    """Whether the float64 oracle finds a candidate as good as its ``score``, on held-out episodes.

    A network that lives on rounding noise scores in float32 what it cannot repeat. The two means must be
    within `TOLERATED_ERRORS` standard errors of the oracle's, taken over its `FIRST_EPISODES` and more.
    """
    weights = selection_weights(evaluation)
    rollouts = max(2, 2 * FIRST_EPISODES // len(weights))
    seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, 500, rollouts * len(weights))
    returns = oracle(compile_genome(genome), weights, seeds.reshape(len(weights), rollouts))[0]
    if not np.isfinite(returns).all():
        return False
    means = returns.mean(axis=1)
    # Weights are the same for both; only the episodes differ.
    spread = returns.std(axis=1, ddof=1) / np.sqrt(rollouts)
    if config.objective == "mean":
        found, error = means.mean(), np.sqrt((spread**2).sum()) / len(weights)
    else:
        found, error = means.max(), spread[means.argmax()]
    return bool(found > score - TOLERATED_ERRORS * error - 0.01 * abs(score))


def _small_enough(networks: Networks, rows: NDArray[np.int64], limit: int | None) -> NDArray[np.int64]:
    if limit is None:
        return rows
    connections = networks.num_connections()[rows]
    if connections.min() > limit:
        LOGGER.warning(
            "champion.max_connections: expected a candidate with at most %d connections, found none below %d; "
            "the limit is set aside (more search.complexity_probability makes networks smaller)",
            limit,
            connections.min(),
        )
        return rows
    return rows[connections <= limit]


def selection_weights(evaluation: EvaluationConfig) -> NDArray[np.float64]:
    """The shared weights of the search; of a sampled range, the middle of each part."""
    sampled = evaluation.sampled_weights
    if sampled is None:
        return np.array(evaluation.weights, np.float64)
    return sampled.low + (sampled.high - sampled.low) * (np.arange(sampled.count) + 0.5) / sampled.count


def confirm(
    genome: Genome, evaluate: Evaluate, oracle: Oracle, config: ChampionConfig, evaluation: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """The champion's returns on untouched seeds, in float64 by the oracle.

    Returns:
        ``per_weight`` of the search, ``random_shared_weight`` (a fresh U(low, high) weight for each
        episode) and ``best_shared_weight`` (chosen on selection seeds over a fine grid), each with mean,
        standard deviation, median and minimum over ``episodes`` fresh episodes.
    """
    network = compile_genome(genome)
    episodes = config.report_episodes
    weights = selection_weights(evaluation)
    low, high = _range(evaluation)

    def fresh(index: int, settings: NDArray[np.float64], rollouts: int) -> NDArray[np.float64]:
        seeds = episode_seeds(seed, Purpose.CHAMPION_REPORT, index, rollouts * len(settings))
        return oracle(network, settings, seeds.reshape(len(settings), rollouts))[0]

    best = _best_shared_weight(network, evaluate, np.union1d(weights, _grid(low, high)), seed)
    random = keyed_rng(seed, Purpose.CHAMPION_REPORT).uniform(low, high, episodes)
    return {
        "episodes": episodes,
        "precision": "float64",
        "per_weight": [
            {"weight": weight, **_statistics(row)}
            for weight, row in zip(weights.tolist(), fresh(0, weights, episodes), strict=True)
        ],
        "random_shared_weight": {"low": low, "high": high, **_statistics(fresh(1, random, 1))},
        "best_shared_weight": {"weight": best, **_statistics(fresh(2, np.array([best]), episodes))},
    }


def _range(evaluation: EvaluationConfig) -> tuple[float, float]:
    """Where random shared weights are drawn: the sampled range, or U(-2, 2) as published."""
    sampled = evaluation.sampled_weights
    return (sampled.low, sampled.high) if sampled else (-2.0, 2.0)


def _grid(low: float, high: float) -> NDArray[np.float64]:
    count = int(min(max(2, round((high - low) / GRID_STEP) + 1), GRID_SIZE))
    return np.round(np.linspace(low, high, count), 12)


def _best_shared_weight(network: Network, evaluate: Evaluate, grid: NDArray[np.float64], seed: int) -> float:
    seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, 1000, GRID_EPISODES)
    returns = evaluate(Networks.of([network]), grid, seeds)[0].mean(axis=1)
    return float(grid[np.argmax(np.where(np.isfinite(returns), returns, -np.inf))])


def _statistics(returns: NDArray[np.float64]) -> dict[str, float]:
    values = returns.ravel()
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "median": float(np.median(values)),
        "min": float(values.min()),
    }
