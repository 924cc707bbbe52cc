"""From a finished search to a champion file."""

from __future__ import annotations

import platform
from importlib.metadata import version

from numpy.typing import NDArray

from configs import Config, result_keys
from envs.task import Task
from evolution.checkpoint import RunError
from evolution.confirmation import agrees, confirm, rank_candidates, selection_weights
from evolution.search import Search
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Network, Networks
from workers.evaluator import Evaluator

# Those whose code decides results.
_LIBRARIES = ("numpy", "numba", "gymnasium")


def crown(search: Search, config: Config, task: Task, evaluator: Evaluator) -> Champion:
    """Choose the champion of a search and confirm it; see `evolution.confirmation`.

    Raises:
        RunError: no candidate has finite returns that the oracle confirms.
    """

    def evaluate(networks: Networks, weights: NDArray, seeds: NDArray) -> NDArray:
        return evaluator.evaluate(networks, weights, seeds).values

    def oracle(network: Network, weights: NDArray, seeds: NDArray) -> NDArray:
        return task.evaluate_oracle(network, weights, seeds).values

    limits = [limit for limit in (config.champion.max_connections, config.search.max_connections) if limit]
    settings = config.champion.model_copy(update={"max_connections": min(limits, default=None)})
    ranked = rank_candidates(search.candidates(), evaluate, settings, config.evaluation, config.seed)
    confirmed = (g for g, score in ranked if agrees(g, score, oracle, settings, config.evaluation, config.seed))
    genome = next(confirmed, None)
    if genome is None:
        raise RunError(
            "expected a champion with finite returns that float64 confirms, found none among "
            f"{len(search.candidates())} candidates; "
            "num_failed in metrics.jsonl counts the genomes whose returns are not finite"
        )
    returns = confirm(genome, evaluate, oracle, config.champion, config.evaluation, config.seed)
    return Champion(
        genome=genome,
        task=config.task.name,
        task_options=config.task.options,
        input_names=task.input_names,
        output_names=task.output_names,
        weights=tuple(selection_weights(config.evaluation).tolist()),
        returns=returns,
        config=result_keys(config),
        seed=config.seed,
        generation=search.generation,
        simulator=task.simulated_by,
        versions={"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    )


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
