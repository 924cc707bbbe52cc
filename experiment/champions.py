"""From a finished search to its survivors, or to a champion file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs import Config, result_keys, stage_config
from configs.schema import ChampionConfig
from envs.task import HasEnsemble, Returns, Task, options_of, preprocessing_of, untouched_of
from evolution.confirmation import agrees, confirm, rank_candidates, selection_weights
from experiment.terminal.command_line import StopRequest
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Network, Networks, compile_genome
from wann.population import Population
from wann.versions import SEARCH, versions_of
from workers.evaluator import Evaluator


@dataclass(frozen=True)
class Survivors:
    """The best candidates of a search, best first, with their scores on held-out episodes."""

    genomes: Population
    scores: NDArray[np.float64]  # [P]
    steps: int  # simulated to choose them


def survivors(
    candidates: Population, config: Config, evaluator: Evaluator, wanted: int, stop: StopRequest
) -> Survivors:
    """The ``wanted`` best by halving; see `evolution.confirmation.rank_candidates`.

    Args:
        candidates: of a search that is done.
        config: plain, of that search.
        evaluator: of the task that is to decide.
        wanted: how many; fewer are left where others fail or are copies.
        stop: is honoured between two rounds of the halving.

    Raises:
        Stopped: as asked for; the choice is begun anew when the run goes on.
    """
    steps = 0

    def evaluate(networks: Networks, weights: NDArray, seeds: NDArray) -> NDArray:
        nonlocal steps
        stop.check()
        returns = evaluator.evaluate(networks, weights, seeds)
        steps += int(returns.steps.sum())
        return returns.values

    ranked = rank_candidates(candidates, evaluate, _settings(config), config.evaluation, config.seed, wanted)[:wanted]
    genomes = Population.of([genome for genome, _ in ranked]) if ranked else candidates.take([])
    return Survivors(genomes, np.array([score for _, score in ranked], np.float64), steps)


def last_config(config: Config) -> Config:
    """What decides about the champion: the plain config itself, or that of the last stage."""
    return stage_config(config, len(config.stages) - 1) if config.stages else config


def crown(
    config: Config, candidates: Population, task: Task, evaluator_on: Callable[[Task], Evaluator], stop: StopRequest
) -> Champion:
    """Choose the champion among the candidates and confirm it; see `evolution.confirmation`.

    Args:
        config: of the whole run.
        candidates: of the search, or the survivors of its last stage.
        task: of the search, or of its last stage. Whole episodes of it decide: ``task.reported``; where seeds do not
            keep what is reported apart from what was chosen on, ``task.untouched`` is reported.
        evaluator_on: gives the evaluator of a task.
        stop: is honoured between two evaluations.

    Raises:
        RunError: no candidate has finite returns that the oracle confirms.
        Stopped: as asked for; the choice is begun anew when the run goes on.
    """
    reported, last = task.reported, last_config(config)
    untouched = untouched_of(reported)

    def evaluate(networks: Networks, weights: NDArray, seeds: NDArray) -> NDArray:
        stop.check()
        return evaluator_on(reported).evaluate(networks, weights, seeds).values

    def oracle_of(task: Task) -> Callable[[Network, NDArray, NDArray], Returns]:
        def oracle(network: Network, weights: NDArray, seeds: NDArray) -> Returns:
            stop.check()
            return evaluator_on(task).evaluate_oracle(network, weights, seeds)

        return oracle

    settings, evaluation = _settings(last), last.evaluation
    ranked = rank_candidates(candidates, evaluate, settings, evaluation, config.seed) if len(candidates) else []
    confirmed = (g for g, score in ranked if agrees(g, score, oracle_of(reported), settings, evaluation, config.seed))
    genome = next(confirmed, None)
    if genome is None:
        raise RunError(
            None,
            f"expected a champion with finite returns that float64 confirms, found none among {len(candidates)} "
            "candidates; num_failed in metrics.jsonl counts the genomes whose returns are not finite",
        )
    returns = confirm(genome, evaluate, oracle_of(untouched), settings, evaluation, config.seed)
    if isinstance(untouched, HasEnsemble):
        returns |= untouched.ensemble(compile_genome(genome), selection_weights(evaluation))
    return Champion(
        genome=genome,
        task=last.task.name,
        task_options={**last.task.options, **_differing_options(task, untouched)},
        input_names=task.input_names,
        output_names=task.output_names,
        weights=tuple(selection_weights(evaluation).tolist()),
        returns=returns,
        config=result_keys(config),
        seed=config.seed,
        generation=config.generations,
        simulator=reported.simulated_by,
        preprocessing=preprocessing_of(reported),
        versions=versions_of(SEARCH),
    )


def first_genomes(run: RunDirectory, task: Task) -> list[Genome]:
    """What the first population of a run is made of: genomes handed to it, or those of ``config.initial``.

    Raises:
        UserError: a file is missing, damaged, or made for other inputs and outputs than the task's.
    """
    if not run.is_fresh:
        return []
    handed = run.initial_genomes()
    return initial_genomes(run.config, task) if handed is None else list(handed)


def initial_genomes(config: Config, task: Task) -> list[Genome]:
    """The genomes of ``config.initial``.

    Raises:
        UserError: a file is missing, damaged, or made for other inputs and outputs than the task's.
    """
    if len(config.initial) > config.search.population:
        raise UserError(
            f"initial: expected at most as many champions as the population of {config.search.population}, "
            f"found {len(config.initial)}"
        )
    genomes = []
    for path in config.initial:
        genome = load_champion(path).genome
        found, expected = (genome.num_inputs, genome.num_outputs), (task.num_inputs, task.num_outputs)
        if found != expected:
            raise UserError(
                f"initial: {path}: expected a network with {expected[0]} inputs and {expected[1]} outputs "
                f"for task {task.name!r}, found {found[0]} and {found[1]}"
            )
        genomes.append(genome)
    return genomes


def _settings(config: Config) -> ChampionConfig:
    """Neither the search's limit on connections nor the champion's is exceeded."""
    limits = [limit for limit in (config.champion.max_connections, config.search.max_connections) if limit]
    return config.champion.model_copy(update={"max_connections": min(limits, default=None)})


def _differing_options(task: Task, reported: Task) -> dict[str, Any]:
    """Options in which the task of the report differs from that of the search."""
    given = options_of(task)
    return {name: value for name, value in options_of(reported).items() if value != given[name]}
