"""A search in this process, without a run directory: what the benchmarks grow networks with."""

from __future__ import annotations

from collections.abc import Iterator

from configs import Config
from envs.registry import make_task
from envs.task import shortened
from evolution.search import Search
from experiment.starting import behaviour_of
from wann.genome import Genome


def generations(config: Config, initial: list[Genome] | None = None) -> Iterator[tuple[int, Search]]:
    """The search after each generation, with the steps simulated so far; without end."""
    task = make_task(config.task.name, config.task.options)
    shape = task.num_inputs, task.num_outputs
    search = Search(config.search, config.evaluation, config.seed, *shape, initial, behaviour_of(config, task))
    steps = 0
    while True:
        request = search.ask()
        episodes = shortened(task, request.max_steps)
        returns = episodes.evaluate(request.networks, request.weights, request.seeds)
        steps += int(returns.steps.sum())
        if search.tell(returns.values) is not None:
            yield steps, search
