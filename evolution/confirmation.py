"""The champion: chosen by halving on selection seeds, and reported once on seeds that were not used for any choice.

An episode may take a second, so their number is bounded. With P different candidates, and c candidates, f
first and s selection episodes in the config:

- The choice of one takes at most f P + 2 f c (1 + log2(s / 2 f)) episodes, that of k survivors about s k more.
- The best shared weight takes about 2,200 for the range from -2 to 2 (`evolution.shared_weight`).
- The report takes 2 n + m (W + 1) for W swept weights, n report episodes and m side episodes.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from configs.schema import ChampionConfig, EvaluationConfig
from evolution.shared_weight import Evaluate, best_shared_weight, weight_grid
from evolution.weight_settings import fixed_weights, selection_weights, weight_range
from wann.genome import Genome
from wann.network import Network, Networks, compile_genome, compile_population
from wann.population import Population
from wann.randomness import Purpose, episode_seeds, keyed_rng

LOGGER = logging.getLogger(__name__)


class Outcome(Protocol):
    """Results of episodes, [1, W, R]; ``falls`` is None if the task has no such end."""

    @property
    def values(self) -> NDArray[np.float64]: ...
    @property
    def falls(self) -> NDArray[np.bool_] | None: ...


# Evaluates one network in float64; weights are [W] or [W, E].
Oracle = Callable[[Network, NDArray[np.float64], NDArray[np.int64]], Outcome]

TOLERATED_ERRORS = 5.0  # standard errors by which a candidate's mean may be lower with the oracle than with the kernels
# Statistics of the returns of episodes.
_FIGURES = ("mean", "std", "median", "min")


def rank_candidates(
    candidates: Population,
    evaluate: Evaluate,
    config: ChampionConfig,
    evaluation: EvaluationConfig,
    seed: int,
    wanted: int = 1,
) -> list[tuple[Genome, float]]:
    """The best candidates, best first, with their scores, found by successive halving over held-out seeds.

    All different programs are scored on ``config.first_episodes``, and the best ``config.candidates`` are kept. Then
    the better half is scored on twice the episodes, until one is left or ``config.selection_episodes`` are reached.
    Once no more than ``wanted`` are left, they are scored on that many at once. Of equal ones, those with the fewest
    connections are first. Candidates with a return that is not finite are left out; the list may be empty.
    """
    networks = compile_population(candidates)
    connections = networks.num_connections()
    rows = _small_enough(networks, np.unique(networks.hashes, return_index=True)[1], config.max_connections)
    weights = selection_weights(evaluation)
    episodes, kept, halving = config.first_episodes, max(config.candidates, wanted), 0
    while True:
        rollouts = max(1, episodes // len(weights))
        seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, halving, rollouts * len(weights))
        returns = evaluate(networks.take(rows), weights, seeds.reshape(len(weights), rollouts))
        levels = levels_of(returns, config.worst_share)
        score = levels.mean(axis=1) if config.objective == "mean" else levels.max(axis=1)
        score = np.where(np.isfinite(levels).all(axis=1), score, -np.inf)
        order = np.lexsort((connections[rows], -score))[: np.count_nonzero(np.isfinite(score))]
        if len(order) <= 1 or episodes >= config.selection_episodes:
            return [(candidates[int(rows[index])], float(score[index])) for index in order]
        rows = rows[order[:kept]]
        episodes = config.selection_episodes if 1 < len(rows) <= wanted else 2 * episodes
        kept, halving = max(wanted, kept // 2), halving + 1


def levels_of(returns: NDArray[np.float64], worst_share: float | None) -> NDArray[np.float64]:
    """The level of a network at each weight, by which it is chosen, [P, W] of returns [P, W, R].

    It is the mean of the episodes, or the middle between that and the mean of the worst of them. One that is not finite
    makes it not finite.
    """
    means = returns.mean(axis=2)
    if worst_share is None:
        return means
    worst = np.sort(returns, axis=2)[..., : math.ceil(worst_share * returns.shape[2])]
    # A sort puts NaN last, where the worst would miss it; the mean does not.
    return (means + worst.mean(axis=2)) / 2


def oracle_rollouts(config: ChampionConfig, num_weights: int) -> int:
    """Episodes at each weight by which `agrees` judges a candidate."""
    return max(2, 2 * config.first_episodes // num_weights)


def agrees(
    genome: Genome,
    score: float,
    evaluate: Evaluate,
    oracle: Oracle,
    config: ChampionConfig,
    evaluation: EvaluationConfig,
    seed: int,
) -> bool:
    """True if the float64 oracle finds a candidate as good as its ``score``, on held-out episodes.

    A network that exploits rounding noise in float32 does not reach its score in float64. The oracle's score on twice
    the ``config.first_episodes`` may be below the score by `TOLERATED_ERRORS` of its standard errors and 1 %. Where all
    of its returns are equal, as where rewards are rare, they tell no standard error; then the kernels must find the
    same on the same episodes.
    """
    weights = selection_weights(evaluation)
    rollouts = oracle_rollouts(config, len(weights))
    seeds = episode_seeds(seed, Purpose.CHAMPION_SELECTION, 500, rollouts * len(weights))
    network, seeds = compile_genome(genome), seeds.reshape(len(weights), rollouts)
    returns = oracle(network, weights, seeds).values[0]
    if not np.isfinite(returns).all():
        return False
    levels = levels_of(returns[None], config.worst_share)[0]
    # Weights are the same for both; only the episodes differ.
    spread = returns.std(axis=1, ddof=1) / np.sqrt(rollouts)
    if config.objective == "mean":
        found, error = levels.mean(), np.sqrt((spread**2).sum()) / len(weights)
    else:
        found, error = levels.max(), spread[levels.argmax()]
    if found > score - TOLERATED_ERRORS * error - 0.01 * abs(score):
        return True
    return not np.ptp(returns) and np.allclose(evaluate(Networks.of([network]), weights, seeds)[0], returns, rtol=0.01)


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


def confirm(
    genome: Genome, evaluate: Evaluate, oracle: Oracle, config: ChampionConfig, evaluation: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """The champion's returns on untouched seeds, in float64 by the oracle.

    Returns:
        ``per_weight`` of the search, ``random_individual_weights`` (U(low, high), drawn for each connection and
        each episode), ``random_shared_weight`` (one for all connections, drawn for each episode) and
        ``best_shared_weight`` (chosen on selection seeds over a fine grid). Each has mean, standard deviation, median
        and minimum over ``episodes`` fresh episodes, or its own number of them where that is smaller, and the share of
        ``falls`` if the task reports them. Episodes without a finite return are left out; if there are any, their share
        is ``failed``. If there are no others, the figures are None.
    """
    network = compile_genome(genome)
    episodes, side = config.report_episodes, side_episodes(config)
    weights = selection_weights(evaluation)
    low, high = weight_range(evaluation)

    def fresh(index: int, settings: NDArray[np.float64], rollouts: int) -> Outcome:
        seeds = episode_seeds(seed, Purpose.CHAMPION_REPORT, index, rollouts * len(settings))
        return oracle(network, settings, seeds.reshape(len(settings), rollouts))

    tried = weights[(weights != 0) | np.isin(weights, fixed_weights(evaluation))]
    best = best_shared_weight(network, evaluate, tried, weight_grid(low, high), config.selection_episodes, seed)
    shared = keyed_rng(seed, Purpose.CHAMPION_REPORT).uniform(low, high, episodes)
    individual = keyed_rng(seed, Purpose.CHAMPION_REPORT, 3).uniform(low, high, (side, genome.num_enabled))
    swept = fresh(0, weights, side)
    fewer = {} if side == episodes else {"episodes": side}
    return {
        "episodes": episodes,
        "precision": "float64",
        "per_weight": [
            {"weight": weight, **_statistics(swept, row), **fewer} for row, weight in enumerate(weights.tolist())
        ],
        "random_individual_weights": {"low": low, "high": high, **_statistics(fresh(3, individual, 1)), **fewer},
        "random_shared_weight": {"low": low, "high": high, **_statistics(fresh(1, shared, 1))},
        "best_shared_weight": {"weight": best, **_statistics(fresh(2, np.array([best]), episodes))},
    }


def side_episodes(config: ChampionConfig) -> int:
    """Episodes of the report at each weight of the search, and at random individual weights."""
    return config.report_episodes if config.side_episodes is None else config.side_episodes


def _statistics(returns: Outcome, row: int | None = None) -> dict[str, float | None]:
    """Statistics over all episodes of one network, or over those of one of its weight settings."""
    rows = slice(None) if row is None else row
    falls = None if returns.falls is None else returns.falls[:, rows]
    all_values = returns.values[:, rows]
    finite = np.isfinite(all_values)
    values = all_values if finite.all() else all_values[finite]
    figures: dict[str, float | None] = dict(_figures(values) if values.size else dict.fromkeys(_FIGURES))
    if falls is not None:
        figures["falls"] = float(falls.mean())
    if not finite.all():
        figures["failed"] = float(1 - finite.mean())
    return figures


def _figures(values: NDArray[np.float64]) -> dict[str, float]:
    first = values.ravel()[0]
    same = bool((values == first).all())  # if seeds change nothing, sums would only add rounding errors
    return {
        "mean": float(first if same else values.mean()),
        "std": 0.0 if same else float(values.std()),
        "median": float(np.median(values)),
        "min": float(values.min()),
    }
