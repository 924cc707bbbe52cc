"""A search in this process, without a run directory, with which benchmarks grow and score networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from configs import Config
from envs.task import Returns
from evolution.registry import make_search
from evolution.search import Search
from evolution.weight_settings import selection_weights
from experiment.build import behaviour_of, task_of
from wann.genome import Genome
from wann.network import Networks, compile_genome


def generations(config: Config, initial: list[Genome] | None = None) -> Iterator[tuple[int, Search]]:
    """The search after each generation, with the steps simulated so far; without end."""
    task = task_of(config)
    shape = task.num_inputs, task.num_outputs
    search = make_search(config, *shape, initial or (), behaviour_of(config, task))
    assert isinstance(search, Search)
    steps = 0
    while True:
        request = search.ask()
        returns = task.evaluate(request.networks, request.weights, request.seeds)
        steps += int(returns.steps.sum())
        if search.tell(returns.values) is not None:
            yield steps, search


def on_whole_episodes(config: Config, genome: Genome, seeds: NDArray[np.int64]) -> Returns:
    """Returns [1, W, R] of a genome in the true task, at the shared weights of the config's search (of a sampled range,
    at the middle of each part)."""
    weights = selection_weights(config.evaluation)
    return task_of(config).reported.evaluate(Networks.of([compile_genome(genome)]), weights, seeds)
