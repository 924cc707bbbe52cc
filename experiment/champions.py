"""The choice of survivors, or of the champion, after a search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs import Config, result_keys
from configs.schema import PUBLISHED_WEIGHTS, ChampionConfig
from envs.registry import task_of_champion
from envs.task import (
    ChoosesInputs,
    HasEnsemble,
    HasJudging,
    Returns,
    Task,
    options_of,
    preprocessing_of,
    sees_more,
    untouched_of,
)
from evolution.confirmation import agrees, confirm, rank_candidates
from evolution.mutation.more_inputs import genome_with_inputs
from evolution.weight_settings import selection_weights
from experiment.build import Evaluators
from experiment.effort import expected_episodes, ranking_episodes
from experiment.plan import SearchPlan
from experiment.terminal.command_line import StopRequest
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Network, Networks, compile_genome, compile_population
from wann.population import Population
from wann.versions import SEARCH, versions_of
from workers.evaluator import Evaluator

# Called with the number of episodes run so far, and the approximate total.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Found:
    """The outcome of a search before its champion is chosen."""

    candidates: Population
    generations: int  # number that it ran; for a search in stages, the sum over its stages


@dataclass(frozen=True)
class Survivors:
    """The best candidates of a search, best first, with their scores on held-out episodes."""

    genomes: Population
    scores: NDArray[np.float64]  # [P]
    steps: int  # number simulated to choose them


def ignored(done: int, total: int) -> None:
    """Ignore progress."""


def survivors(
    candidates: Population,
    config: Config,
    evaluator: Evaluator,
    wanted: int,
    stop: StopRequest,
    progress: Progress = ignored,
) -> Survivors:
    """The ``wanted`` best candidates, found by halving; see `evolution.confirmation.rank_candidates`.

    Args:
        candidates: of a finished search.
        config: plain, of that search.
        evaluator: of the task that decides.
        wanted: maximal number; there are fewer if candidates fail or are copies.
        stop: checked between two rounds of the halving.
        progress: called after evaluations.

    Raises:
        Stopped: a stop was requested. The choice starts again when the run is resumed.
    """
    counted = _Counted(stop, progress, ranking_episodes(config, _num_different(candidates), wanted))

    def evaluate(networks: Networks, weights: NDArray, seeds: NDArray) -> NDArray:
        return counted(lambda: evaluator.evaluate(networks, weights, seeds)).values

    ranked = rank_candidates(candidates, evaluate, _settings(config), config.evaluation, config.seed, wanted)[:wanted]
    genomes = Population.of([genome for genome, _ in ranked]) if ranked else candidates.take([])
    return Survivors(genomes, np.array([score for _, score in ranked], np.float64), counted.steps)


def crown(
    plan: SearchPlan, found: Found, evaluators: Evaluators, stop: StopRequest, progress: Progress = ignored
) -> Champion:
    """Choose the champion among the candidates and confirm it; see `evolution.confirmation`.

    The choice is made on whole episodes (``task.reported``) of the task of the search, or of its last stage. Tasks in
    which other seeds do not give independent data are reported on ``task.untouched``.

    Args:
        plan: of the search.
        found: its candidates, or the survivors of its last stage.
        evaluators: of its tasks.
        stop: checked between two evaluations.
        progress: called after evaluations.

    Raises:
        RunError: no candidate has finite returns that the oracle confirms.
        Stopped: a stop was requested. The choice starts again when the run is resumed.
    """
    config, last, candidates = plan.config, plan.last, found.candidates
    task = evaluators.task_of(last)
    reported, untouched = task.reported, untouched_of(task.reported)
    counted = _Counted(stop, progress, expected_episodes(last, _num_different(candidates)))

    def evaluate(networks: Networks, weights: NDArray, seeds: NDArray) -> NDArray:
        return counted(lambda: evaluators.on(reported).evaluate(networks, weights, seeds)).values

    def oracle_of(task: Task) -> Callable[[Network, NDArray, NDArray], Returns]:
        return lambda network, weights, seeds: counted(
            lambda: evaluators.on(task).evaluate_oracle(network, weights, seeds)
        )

    settings, evaluation = _settings(last), last.evaluation
    ranked = rank_candidates(candidates, evaluate, settings, evaluation, config.seed) if len(candidates) else []
    doors = evaluate, oracle_of(reported)
    confirmed = (g for g, score in ranked if agrees(g, score, *doors, settings, evaluation, config.seed))
    genome = next(confirmed, None)
    if genome is None:
        raise RunError(
            None,
            f"expected a champion with finite returns that float64 confirms, found none among {len(candidates)} "
            "candidates; in metrics.jsonl num_failed counts the genomes whose returns are not finite, and "
            "worker_failed_episodes the episodes that an environment ended by an error",
        )
    returns = confirm(genome, evaluate, oracle_of(untouched), settings, evaluation, config.seed)
    if isinstance(untouched, HasEnsemble):
        returns |= untouched.ensemble(compile_genome(genome), selection_weights(evaluation))
    if isinstance(untouched, HasJudging):
        returns["judged"] = untouched.judge(compile_genome(genome), np.array(PUBLISHED_WEIGHTS))
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
        generation=found.generations,
        simulator=reported.simulated_by,
        preprocessing=preprocessing_of(reported),
        versions=versions_of(SEARCH),
    )


class _Counted:
    """Runs evaluations. Checks for a stop before each, and counts episodes and steps."""

    def __init__(self, stop: StopRequest, progress: Progress, total: int) -> None:
        self.steps = 0  # number simulated
        self._episodes = 0
        self._stop, self._progress, self._total = stop, progress, total

    def __call__(self, evaluate: Callable[[], Returns]) -> Returns:
        self._stop.check()
        returns = evaluate()
        self.steps += int(returns.steps.sum())
        self._episodes += returns.values.size
        self._progress(self._episodes, self._total)
        return returns


def _num_different(candidates: Population) -> int:
    return len(compile_population(candidates).different()) if len(candidates) else 0


def first_genomes(run: RunDirectory, task: Task) -> list[Genome]:
    """The genomes that a run's first population is made from: those handed to the run, or those of ``config.initial``.

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
        UserError: a file is missing, damaged, or made for other inputs and outputs than the task's. It may have been
            made for fewer inputs of a task that chooses them (`envs.task.ChoosesInputs`).
    """
    if len(config.initial) > config.search.population:
        expected = f"at most as many champions as the population of {config.search.population}"
        raise UserError(key="initial", expected=expected, found=str(len(config.initial)))
    genomes = []
    for path in config.initial:
        champion = load_champion(path)
        genome = champion.genome
        if genome.num_inputs < task.num_inputs and champion.task == task.name and isinstance(task, ChoosesInputs):
            seen = task_of_champion(champion)
            if sees_more(task, seen):
                genome = genome_with_inputs(genome, seen.input_names, task.input_names)
        if (genome.num_inputs, genome.num_outputs) != (task.num_inputs, task.num_outputs):
            raise UserError(
                key="initial",
                place=path,
                expected=f"a network with {task.num_inputs} inputs and {task.num_outputs} outputs for {task.name!r}",
                found=f"{genome.num_inputs} and {genome.num_outputs}",
            )
        genomes.append(genome)
    return genomes


def _settings(config: Config) -> ChampionConfig:
    """The champion's settings, with the smaller of its own and the search's limit on connections."""
    limits = [limit for limit in (config.champion.max_connections, config.search.max_connections) if limit]
    return config.champion.model_copy(update={"max_connections": min(limits, default=None)})


def _differing_options(task: Task, reported: Task) -> dict[str, Any]:
    """Options in which the task of the report differs from that of the search."""
    given = options_of(task)
    return {name: value for name, value in options_of(reported).items() if value != given[name]}
