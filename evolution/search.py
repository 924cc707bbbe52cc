"""The search: a population, its keyed randomness, `ask` and `tell`.

`Search` knows arrays, not simulators: `ask` says what to evaluate, `tell` takes the returns, whoever
computed them. Everything it draws is keyed by (seed, purpose, generation), so its whole state is the
population with its records, and a checkpoint holds just that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, SearchConfig
from evolution.mutation import draw_operators, mutate, palette_of, prune
from evolution.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform
from evolution.ranking import rank
from evolution.selection import select
from evolution.strategies import STRATEGIES, Cohort, objectives
from wann.genome import Genome, minimal_genome
from wann.network import Networks, compile_population
from wann.population import Population, concatenate

# Genomes remembered from earlier generations as candidates for champion.
HALL_SIZE = 64
_PACKED = ("activations", "sources", "targets", "enabled", "node_offsets", "connection_offsets")


@dataclass(frozen=True)
class Request:
    """What to evaluate: P' different programs at W weights on R seeds each."""

    networks: Networks
    weights: NDArray[np.float64]  # [W]
    seeds: NDArray[np.int64]  # [R], or [W, R]


@dataclass(frozen=True)
class Summary:
    """One generation in numbers; the "best" are all of the genome with the highest mean return."""

    generation: int
    best_mean_return: float
    best_max_return: float
    best_num_connections: int
    median_num_connections: float
    num_unique: int
    num_failed: int


class Search:
    """A weight-agnostic topology search over genomes with ``num_inputs`` and ``num_outputs``.

    Args:
        config: strategy, operators and selection.
        evaluation: weights and rollouts that a generation is scored on.
        seed: names every draw.
        num_inputs: I.
        num_outputs: O.
        initial: genomes to start from; they fill the first population in turn, as they are first and
            mutated after.
    """

    def __init__(
        self,
        config: SearchConfig,
        evaluation: EvaluationConfig,
        seed: int,
        num_inputs: int,
        num_outputs: int,
        initial: list[Genome] | None = None,
    ) -> None:
        self.config = config
        self.evaluation = evaluation
        self.seed = seed
        self.generation = 0
        self.strategy = STRATEGIES[config.strategy]
        self._palette = palette_of(config.activations)
        self._shape = (num_inputs, num_outputs)
        self.population = self._first_population(initial or [])
        self._set_records(age=np.zeros(config.population, np.int64))
        self.hall = self.population.take([])
        self._hall_scores = np.zeros(0)
        self._hall_hashes = np.zeros(0, np.uint64)
        self._compile()

    def ask(self) -> Request:
        """What this generation needs: every different program once."""
        weights = self._weights()
        rollouts = self.evaluation.rollouts
        if self.evaluation.rollout_seeds == "shared":
            seeds = episode_seeds(self.seed, Purpose.EPISODES, self.generation, rollouts)
        else:
            count = rollouts * len(weights)
            seeds = episode_seeds(self.seed, Purpose.EPISODES, self.generation, count).reshape(-1, rollouts)
        return Request(self._networks.take(self._first_of), weights, seeds)

    def tell(self, returns: NDArray[np.float64]) -> Summary:
        """Take the returns [P', W, R] of the last request, and breed the next generation.

        Raises:
            ValueError: an array of another shape.
        """
        expected = (len(self._first_of), len(self._weights()), self.evaluation.rollouts)
        if returns.shape != expected:
            raise ValueError(f"expected returns [P, W, R] = {list(expected)}, found {list(returns.shape)}")
        per_weight = returns.mean(axis=2)[self._program_of]
        cohort = self._cohort(per_weight.mean(axis=1), per_weight.max(axis=1))
        summary = self._summarise(cohort)
        excess = self._excess(cohort)
        self._remember(self.strategy.score(cohort), excess)
        self._breed(cohort, excess)
        self.generation += 1
        return summary

    def candidates(self) -> Population:
        """Genomes worth confirming as champion: the hall, then the current population."""
        return concatenate([self.hall, self.population])

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """Everything a checkpoint needs: arrays and JSON metadata."""
        arrays = {f"population.{name}": getattr(self.population, name) for name in _PACKED}
        arrays |= {f"hall.{name}": getattr(self.hall, name) for name in _PACKED}
        arrays |= {
            "age": self._age,
            "return_sum": self._return_sum,
            "num_scores": self._num_scores,
            "hall_scores": self._hall_scores,
        }
        return arrays, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """Become the search that `state` was taken from (same config and seed)."""
        self.generation = metadata["generation"]
        self.population = Population(*self._shape, *(arrays[f"population.{name}"] for name in _PACKED))
        self.hall = Population(*self._shape, *(arrays[f"hall.{name}"] for name in _PACKED))
        self._age, self._return_sum = arrays["age"], arrays["return_sum"]
        self._num_scores, self._hall_scores = arrays["num_scores"], arrays["hall_scores"]
        self._hall_hashes = compile_population(self.hall).hashes
        self._compile()

    def _weights(self) -> NDArray[np.float64]:
        sampled = self.evaluation.sampled_weights
        if sampled is None:
            return np.array(self.evaluation.weights, np.float64)
        rng = keyed_rng(self.seed, Purpose.WEIGHTS, self.generation)
        return stratified_uniform(rng, sampled.low, sampled.high, sampled.count)

    def _first_population(self, initial: list[Genome]) -> Population:
        count = self.config.population
        if not initial:
            return self._newborns(keyed_rng(self.seed, Purpose.INITIAL), count)
        copies = Population.of(initial).take(np.arange(count) % len(initial))
        operators, uniforms = self._draw_operators(keyed_rng(self.seed, Purpose.INITIAL), count)
        operators[: len(initial)] = -1
        return mutate(copies, operators, uniforms, self._palette)

    def _newborns(self, rng: np.random.Generator, count: int) -> Population:
        num_inputs, num_outputs = self._shape
        enabled = rng.random((count, (num_inputs + 1) * num_outputs)) < self.config.initial_connectivity
        template = Population.of([minimal_genome(num_inputs, num_outputs)]).take(np.zeros(count, np.int64))
        return Population(
            num_inputs,
            num_outputs,
            template.activations,
            template.sources,
            template.targets,
            enabled.ravel(),
            template.node_offsets,
            template.connection_offsets,
        )

    def _draw_operators(self, rng: np.random.Generator, count: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        return draw_operators(rng, count, self.config.mutation.model_dump(), self.config.extra_mutation)

    def _set_records(
        self,
        age: NDArray[np.int64],
        return_sum: NDArray[np.float64] | None = None,
        num_scores: NDArray[np.int64] | None = None,
    ) -> None:
        self._age = age
        self._return_sum = np.zeros(len(age)) if return_sum is None else return_sum
        self._num_scores = np.zeros(len(age), np.int64) if num_scores is None else num_scores

    def _compile(self) -> None:
        self._networks = compile_population(self.population)
        _, self._first_of, self._program_of = np.unique(self._networks.hashes, return_index=True, return_inverse=True)

    def _cohort(self, mean: NDArray[np.float64], best: NDArray[np.float64]) -> Cohort:
        finite = np.isfinite(mean) & np.isfinite(best)
        mean, best = np.where(finite, mean, np.nan), np.where(finite, best, np.nan)
        return Cohort(
            mean, best, self._return_sum + mean, self._num_scores + 1, self._age, self.population.num_enabled()
        )

    def _summarise(self, cohort: Cohort) -> Summary:
        failed = np.isnan(cohort.mean_return)
        best = 0 if failed.all() else int(np.nanargmax(cohort.mean_return))
        connections = self._networks.num_connections()
        return Summary(
            self.generation,
            float(cohort.mean_return[best]),
            float(cohort.max_return[best]),
            int(connections[best]),
            float(np.median(connections)),
            len(self._first_of),
            int(failed.sum()),
        )

    def _excess(self, cohort: Cohort) -> NDArray[np.int64]:
        """[P] enabled connections beyond the limit of the config."""
        limit = self.config.max_connections
        return np.zeros_like(cohort.num_enabled) if limit is None else np.maximum(cohort.num_enabled - limit, 0)

    def _remember(self, score: NDArray[np.float64], excess: NDArray[np.int64]) -> None:
        """Keep the best-scored different programs of all generations, newest score first on a tie."""
        eligible = np.where(np.isnan(score) | (excess > 0), -np.inf, score)
        top = int(np.argmax(eligible))
        if eligible[top] == -np.inf:
            return
        others = np.flatnonzero(self._hall_hashes != self._networks.hashes[top])
        scores = np.r_[score[top], self._hall_scores[others]]
        kept = np.argsort(-scores, kind="stable")[:HALL_SIZE]
        members = concatenate([self.population.take([top]), self.hall.take(others)])
        hashes = np.r_[self._networks.hashes[top], self._hall_hashes[others]]
        self.hall, self._hall_scores, self._hall_hashes = members.take(kept), scores[kept], hashes[kept]

    def _breed(self, cohort: Cohort, excess: NDArray[np.int64]) -> None:
        config = self.config
        draw = keyed_rng(self.seed, Purpose.RANKING, self.generation).random()
        order = rank(objectives(self.strategy, config, self.generation, cohort, draw), excess)
        anew = self.strategy.starts_anew(config, self.generation)
        num_newborn = config.num_newborn if anew else 0
        rng = keyed_rng(self.seed, Purpose.SELECTION, self.generation)
        chosen = select(order, num_newborn, config.cull_ratio, config.elite_ratio, config.tournament_size, rng)
        operators, uniforms = self._draw_operators(
            keyed_rng(self.seed, Purpose.MUTATION, self.generation), len(chosen.parents)
        )
        elites, parents = chosen.elites, chosen.parents
        children = mutate(self.population.take(parents), operators, uniforms, self._palette)
        if config.prune_dead:
            children = prune(children)
        newborns = self._newborns(keyed_rng(self.seed, Purpose.NEWBORN, self.generation), num_newborn)
        self.population = concatenate([self.population.take(elites), children, newborns])
        fresh = np.zeros(len(parents) + num_newborn)
        self._set_records(
            age=np.r_[cohort.age[elites] + 1, cohort.age[parents] + 1, np.zeros(num_newborn, np.int64)],
            return_sum=np.r_[cohort.return_sum[elites], fresh],
            num_scores=np.r_[cohort.num_scores[elites], fresh.astype(np.int64)],
        )
        self._compile()
