"""The search with a population: `ask`, `tell`, and one generation after the other.

Its state is the population with its records, because all randomness is keyed by (seed, purpose, generation).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolution.breeding import Breeder
from evolution.hall import Hall
from evolution.protocol import Found, Outstanding, Request, Setting, Summary
from evolution.race import Race
from evolution.ranking import rank, rank_newest_first
from evolution.records import RECORD_ARRAYS, Records
from evolution.selection import select
from evolution.stagnation import Stagnation
from evolution.strategies.strategy import Cohort, PopulationStrategy
from wann.genome import Genome
from wann.population import Population, concatenate
from wann.randomness import Purpose, keyed_rng


class Search:
    """A topology search over a population; see `evolution.protocol.AskTell` for the methods.

    Args:
        strategy: scores genomes.
        setting: the other arguments of a search.
    """

    def __init__(self, strategy: type[PopulationStrategy], setting: Setting) -> None:
        self.config = setting.config
        self.strategy = strategy(setting.config)
        self.generation = 0
        self._setting = setting
        self._breeder = Breeder(setting)
        self._best: tuple[Population, int] | None = None  # the last generation, and its best genome's row
        self._begin(self._breeder.first_population())
        self._hall = Hall(self.population.take([]))
        self._stagnation = Stagnation(self.config.restart_after)
        self._outstanding = Outstanding()
        self._race = self._new_race()

    def ask(self) -> Request:
        """Ask for every different program once, or for a heat of the best so far."""
        return self._outstanding.ask(self._request)

    def tell(self, found: Found) -> Summary | None:
        """Take the returns [P', W, R] of the last request; see `evolution.protocol.AskTell.tell`."""
        self._outstanding.expect()
        is_over = self._race.take(np.asarray(found), self._leaders)
        self._outstanding.done()
        if not is_over:
            return None
        cohort = self._cohort()
        summary = self._summarise(cohort)
        excess = self._excess(cohort)
        scores = np.where(excess > 0, -np.inf, self.strategy.score(cohort))
        self._hall.remember(self.population, self._race.networks, scores)
        if self._stagnation.is_stuck(scores):
            self._restart()
        else:
            self._breed(cohort, excess)
        self.generation += 1
        self._race = self._new_race()
        return summary

    @property
    def best(self) -> Genome | None:
        """The best genome of the last summary; None before the first generation is finished."""
        if self._best is None:
            return None
        population, row = self._best
        return population[row]

    @property
    def hall(self) -> Population:
        """The best genomes of all generations, best first."""
        return self._hall.members

    def candidates(self) -> Population:
        """Genomes worth confirming as champion: the hall, then the current population."""
        return concatenate([self.hall, self.population])

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """See `evolution.protocol.AskTell.state`."""
        arrays = self.population.to_arrays("population.")
        arrays |= {f"life.{name}": getattr(self._life, name) for name in RECORD_ARRAYS}
        arrays |= {**self._hall.state(), **self._stagnation.state(), "age": self._age}
        arrays |= {} if self._breeder.safe is None else self._breeder.safe.state()
        return arrays, {"generation": self.generation}

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """See `evolution.protocol.AskTell.restore`."""
        self.generation = metadata["generation"]
        shape = self._setting.num_inputs, self._setting.num_outputs
        self.population = Population.from_arrays(*shape, arrays, "population.")
        self._life = Records(*(arrays[f"life.{name}"] for name in RECORD_ARRAYS))
        self._age = arrays["age"]
        self._hall.restore(arrays)
        self._stagnation.restore(arrays)
        if self._breeder.safe is not None:
            self._breeder.safe.restore(arrays)
        self._race = self._new_race()

    def _request(self) -> Request:
        networks, seeds = self._race.heat()
        return Request(networks, self._race.weights, seeds)

    def _new_race(self) -> Race:
        self._outstanding.done()
        setting, generation = self._setting, self.generation
        return Race(self.population, setting.evaluation, setting.weights(generation), setting.seed, generation)

    def _cohort(self) -> Cohort:
        now = self._race.records
        return Cohort(now, self._life + now, self._age, self.population.num_enabled())

    def _leaders(self) -> NDArray[np.int64]:
        """Genomes that have run, best first.

        Ranked by mean: a race exists to learn about little-known genomes. Of programs with identical returns, only
        the one with the most rollouts is raced, because most harmless mutations change nothing and would fill the heat.
        """
        cohort = self._cohort()
        ran = cohort.now.num_rollouts > 0
        mean = np.where(ran, self.strategy.records(cohort).mean, np.nan)
        return cohort.now.different(_best_first(mean, cohort.life.num_rollouts))

    def _summarise(self, cohort: Cohort) -> Summary:
        records = self.strategy.records(cohort)
        figure = self.strategy.score(cohort) if self.strategy.gathers else records.mean
        best = 0 if np.isnan(figure).all() else int(np.nanargmax(figure))
        self._best = self.population, best
        connections = self._race.networks.num_connections()
        return Summary(
            self.generation,
            float(records.mean[best]),
            float(records.weight_means[best].max()),
            int(connections[best]),
            float(np.median(connections)),
            self._race.num_programs,
            self._race.num_failed,
            self._stagnation.num_restarts,
        )

    def _excess(self, cohort: Cohort) -> NDArray[np.int64]:
        """Number of enabled connections above the config's limit, [P]."""
        limit = self.config.max_connections
        return np.zeros_like(cohort.num_enabled) if limit is None else np.maximum(cohort.num_enabled - limit, 0)

    def _breed(self, cohort: Cohort, excess: NDArray[np.int64]) -> None:
        """Replace the population: elites, children, newborns."""
        config, generation, seed = self.config, self.generation, self._setting.seed
        draw = keyed_rng(seed, Purpose.RANKING, generation).random()
        by = rank_newest_first if config.newest_first else rank
        order = by(self.strategy.objectives(cohort, generation, draw), excess)
        num_newborn = self.strategy.num_newborn(generation)
        rng = keyed_rng(seed, Purpose.SELECTION, generation)
        chosen = select(order, num_newborn, config.cull_ratio, config.elite_ratio, config.tournament_size, rng)
        elites, parents = chosen.elites, chosen.parents
        self._breeder.watch(self.population, order, generation)
        parts = [self.population.take(elites), self._breeder.children(self.population, parents, generation)]
        if num_newborn:
            parts.append(self._breeder.newborns(generation, num_newborn))
        self.population = concatenate(parts)
        self._age = np.r_[cohort.age[elites] + 1, cohort.age[parents] + 1, np.zeros(num_newborn, np.int64)]
        self._life = cohort.life.take(elites).extended(len(parents) + num_newborn)

    def _restart(self) -> None:
        """Replace the population by a new first one. The hall keeps the best genomes of all before."""
        self._begin(self._breeder.first_population(self.generation + 1))

    def _begin(self, population: Population) -> None:
        """Take a population without ancestors."""
        self.population = population
        self._age = np.zeros(len(population), np.int64)
        self._life = Records.empty(len(population), len(self._setting.weights(0)))


def _best_first(mean: NDArray[np.float64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows with a finite mean return, best first; of equal means, the one with most rollouts ``known`` comes first."""
    return np.lexsort((-known, -mean))[: np.count_nonzero(np.isfinite(mean))]
