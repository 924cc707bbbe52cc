"""The search: a population, its keyed randomness, `ask` and `tell`.

`Search` knows arrays, not simulators: `ask` says what to evaluate, `tell` takes the returns, whoever
computed them; with a race, a generation is several such rounds. Everything it draws is keyed by (seed,
purpose, generation), so its whole state is the population with its records, and a checkpoint holds just
that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, HeatConfig, SearchConfig
from evolution.mutation.apply import draw_operators, mutate, palette_of, prune
from evolution.mutation.safe import Behaviour, SafeMutation
from evolution.ranking import rank
from evolution.records import RECORD_ARRAYS, Records
from evolution.request import Request, Summary, weights_of
from evolution.selection import select
from evolution.strategies import STRATEGIES, Cohort, objectives
from wann.genome import Genome, minimal_genome
from wann.network import compile_population
from wann.population import PACKED, Population, concatenate
from wann.randomness import Purpose, episode_seeds, keyed_rng

# Genomes remembered from earlier generations as candidates for champion.
HALL_SIZE = 64


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
        behaviour: what networks see and do, which safe mutations are chosen by.
    """

    def __init__(
        self,
        config: SearchConfig,
        evaluation: EvaluationConfig,
        seed: int,
        num_inputs: int,
        num_outputs: int,
        initial: list[Genome] | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self.config = config
        self.evaluation = evaluation
        self.seed = seed
        self.generation = 0
        self.strategy = STRATEGIES[config.strategy]
        self._safe = _safe_mutation(config, behaviour)
        self._palette = palette_of(config.activations)
        self._shape = (num_inputs, num_outputs)
        self._heat = 0
        self._racing: NDArray[np.int64]  # [P'] rows of the unique programs that the current heat is for
        self._now: Records  # of all unique programs, in this generation
        self._best: tuple[Population, int] | None = None  # the last generation, and its best genome's row
        self.population = self._first_population(initial or [])
        self._age = np.zeros(config.population, np.int64)
        self._life = Records.empty(config.population, len(self._weights()))
        self.hall = self.population.take([])
        self._hall_scores = np.zeros(0)
        self._hall_hashes = np.zeros(0, np.uint64)
        self._compile()

    def ask(self) -> Request:
        """What this generation needs next: every different program once, or those that are still in it."""
        weights, heats = self._weights(), self._heats
        rollouts = [heat.rollouts for heat in heats]
        begin = sum(rollouts[: self._heat])
        seeds = self._seeds(len(weights), sum(rollouts))[..., begin : begin + rollouts[self._heat]]
        networks = self._networks.take(self._first_of[self._racing])
        return Request(networks, weights, seeds)

    def tell(self, returns: NDArray[np.float64]) -> Summary | None:
        """Take the returns [P', W, R] of the last request.

        Returns:
            None while the generation goes on: ask again. At its end the next one is bred.

        Raises:
            ValueError: an array of another shape.
        """
        heats = self._heats
        expected = (len(self._racing), len(self._weights()), heats[self._heat].rollouts)
        if returns.shape != expected:
            raise ValueError(f"expected returns [P, W, R] = {list(expected)}, found {list(returns.shape)}")
        found = Records.of(np.where(np.isfinite(returns), returns, np.nan))
        self._failed[self._racing] |= np.isnan(found.mean)
        self._now = self._now.added(self._racing, found)
        self._heat += 1
        if self._heat < len(heats):
            wanted = max(1, round(heats[self._heat].share * len(self._first_of)))
            self._racing = self._leaders(wanted)
            if len(self._racing):
                return None
        cohort = self._cohort()
        summary = self._summarise(cohort)
        excess = self._excess(cohort)
        self._remember(self.strategy.score(cohort, self.config), excess)
        self._breed(cohort, excess)
        self.generation += 1
        return summary

    @property
    def best(self) -> Genome | None:
        """What the last summary calls the best genome; None before the first generation is done."""
        if self._best is None:
            return None
        population, row = self._best
        return population[row]

    def candidates(self) -> Population:
        """Genomes worth confirming as champion: the hall, then the current population."""
        return concatenate([self.hall, self.population])

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """Everything a checkpoint needs: arrays and JSON metadata."""
        arrays = {f"population.{name}": getattr(self.population, name) for name in PACKED}
        arrays |= {f"hall.{name}": getattr(self.hall, name) for name in PACKED}
        arrays |= {f"life.{name}": getattr(self._life, name) for name in RECORD_ARRAYS}
        arrays |= {"age": self._age, "hall_scores": self._hall_scores}
        arrays |= {} if self._safe is None else self._safe.state()
        return arrays, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """Become the search that `state` was taken from (same config and seed)."""
        self.generation = metadata["generation"]
        self.population = Population(*self._shape, *(arrays[f"population.{name}"] for name in PACKED))
        self.hall = Population(*self._shape, *(arrays[f"hall.{name}"] for name in PACKED))
        self._life = Records(*(arrays[f"life.{name}"] for name in RECORD_ARRAYS))
        self._age, self._hall_scores = arrays["age"], arrays["hall_scores"]
        self._hall_hashes = compile_population(self.hall).hashes
        if self._safe is not None:
            self._safe.restore(arrays)
        self._compile()

    def _weights(self) -> NDArray[np.float64]:
        return weights_of(self.evaluation, self.seed, self.generation)

    def _seeds(self, num_weights: int, rollouts: int) -> NDArray[np.int64]:
        """All seeds of this generation, [R] or [W, R]."""
        if self.evaluation.rollout_seeds == "shared":
            return episode_seeds(self.seed, Purpose.EPISODES, self.generation, rollouts)
        seeds = episode_seeds(self.seed, Purpose.EPISODES, self.generation, rollouts * num_weights)
        return seeds.reshape(num_weights, rollouts)

    @property
    def _heats(self) -> list[HeatConfig]:
        """The rounds of a generation."""
        return [HeatConfig(share=1.0, rollouts=self.evaluation.rollouts), *self.evaluation.race]

    def _leaders(self, wanted: int) -> NDArray[np.int64]:
        """Rows of the programs that the next heat is for: the best by mean return so far.

        The mean, not its lower bound: the race is to find out about those that little is known of. Of programs
        that did exactly the same in this generation one runs, the best known: most mutations that do no harm do
        nothing, and their copies would fill the heat.
        """
        cohort = self._cohort()
        ran = cohort.now.num_rollouts > 0
        mean = np.where(ran, self.strategy.records(cohort).mean, np.nan)
        genomes = cohort.now.different(_best_first(mean, cohort.life.num_rollouts))
        return np.sort(self._program_of[genomes][:wanted])

    def _first_population(self, initial: list[Genome]) -> Population:
        count = self.config.population
        if not initial:
            return self._newborns(keyed_rng(self.seed, Purpose.INITIAL), count)
        if any((genome.num_inputs, genome.num_outputs) != self._shape for genome in initial):
            raise ValueError(f"expected initial genomes with {self._shape[0]} inputs and {self._shape[1]} outputs")
        originals = Population.of(initial)
        self._watch(originals, np.arange(len(originals)))
        children = self._children(originals, np.arange(count) % len(originals), Purpose.INITIAL)
        kept = min(len(originals), count)
        return concatenate([originals.take(np.arange(kept)), children.take(np.arange(kept, count))])

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

    def _children(self, population: Population, parents: NDArray[np.int64], purpose: Purpose) -> Population:
        """A mutant of each parent; of several that are drawn, the one that `evolution.mutation.safe` chooses."""
        safe = self._safe
        candidates = 1 if safe is None else safe.config.candidates
        rows = np.repeat(parents, candidates)
        rng = keyed_rng(self.seed, purpose, self.generation)
        operators, uniforms = self._draw_operators(rng, len(rows))
        mutants = mutate(population.take(rows), operators, uniforms, self._palette)
        if safe is None:
            return mutants
        chosen = safe.choose(compile_population(population).take(parents), compile_population(mutants))
        free = rng.random(len(parents)) >= safe.config.share
        return mutants.take(np.where(free, np.arange(len(parents)) * candidates, chosen))

    def _watch(self, population: Population, order: NDArray[np.int64]) -> None:
        """If due, take the states that children are compared on from the first different ones in ``order``."""
        if self._safe is not None and self._safe.is_due(self.generation):
            networks = compile_population(population).take(order)
            leaders = networks.take(networks.different()[: self._safe.config.leaders])
            self._safe.observe(leaders, self._weights(), self.seed, self.generation)

    def _draw_operators(self, rng: np.random.Generator, count: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        return draw_operators(rng, count, self.config.mutation.model_dump(), self.config.extra_mutation)

    def _compile(self) -> None:
        """Prepare the first heat of a generation."""
        self._networks = compile_population(self.population)
        _, self._first_of, self._program_of = np.unique(self._networks.hashes, return_index=True, return_inverse=True)
        self._heat = 0
        self._racing = np.arange(len(self._first_of))
        self._failed = np.zeros(len(self._first_of), bool)
        self._now = Records.empty(len(self._first_of), len(self._weights()))

    def _cohort(self) -> Cohort:
        now = self._now.take(self._program_of)
        return Cohort(now, self._life + now, self._age, self.population.num_enabled())

    def _summarise(self, cohort: Cohort) -> Summary:
        records = self.strategy.records(cohort)
        figure = self.strategy.score(cohort, self.config) if self.strategy.gathers else records.mean
        best = 0 if np.isnan(figure).all() else int(np.nanargmax(figure))
        self._best = self.population, best
        connections = self._networks.num_connections()
        return Summary(
            self.generation,
            float(records.mean[best]),
            float(records.weight_means[best].max()),
            int(connections[best]),
            float(np.median(connections)),
            len(self._first_of),
            int(self._failed[self._program_of].sum()),
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
        elites, parents = chosen.elites, chosen.parents
        self._watch(self.population, order)
        children = self._children(self.population, parents, Purpose.MUTATION)
        if config.prune_dead:
            children = prune(children)
        parts = [self.population.take(elites), children]
        if num_newborn:
            parts.append(self._newborns(keyed_rng(self.seed, Purpose.NEWBORN, self.generation), num_newborn))
        self.population = concatenate(parts)
        self._age = np.r_[cohort.age[elites] + 1, cohort.age[parents] + 1, np.zeros(num_newborn, np.int64)]
        self._life = cohort.life.take(elites).extended(len(parents) + num_newborn)
        self._compile()


def _best_first(mean: NDArray[np.float64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows with a finite mean return, best first; of equals first the one with most rollouts ``known``."""
    return np.lexsort((-known, -mean))[: np.count_nonzero(np.isfinite(mean))]


def _safe_mutation(config: SearchConfig, behaviour: Behaviour | None) -> SafeMutation | None:
    if config.safe_mutation is None:
        return None
    if behaviour is None:
        raise ValueError("safe_mutation needs a task whose networks can be watched")
    return SafeMutation(config.safe_mutation, behaviour)
